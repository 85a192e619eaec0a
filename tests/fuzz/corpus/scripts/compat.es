if $http_x {
  a = "double" // comment
} else if b { c = [1, [2, 'k' = 3],] }
