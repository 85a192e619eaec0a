a = 'ä¸­ÿ'
say(a)
