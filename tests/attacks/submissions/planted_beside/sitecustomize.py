open("@OUTSIDE@/@MARK@-sitecustomize", "w").close()
