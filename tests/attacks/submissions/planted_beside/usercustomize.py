open("@OUTSIDE@/@MARK@-usercustomize", "w").close()
