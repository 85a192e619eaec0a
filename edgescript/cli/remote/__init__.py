"""What the commands that ask a console share: whom to ask and with which token, what is shown, how waiting looks."""
