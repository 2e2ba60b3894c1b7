open("@OUTSIDE@/@MARK@-numpy", "w").close()
