a = 
if {
}}
x = (1, 2
'open
def f( {
 return
}
foo(1,2,3)
