open("@OUTSIDE@/@MARK@-enum", "w").close()
