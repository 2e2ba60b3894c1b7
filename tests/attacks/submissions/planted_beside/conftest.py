open("@OUTSIDE@/@MARK@-conftest", "w").close()
