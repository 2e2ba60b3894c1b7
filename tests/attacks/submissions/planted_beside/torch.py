open("@OUTSIDE@/@MARK@-torch", "w").close()
