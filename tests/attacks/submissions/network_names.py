"""11: asks for an address and downloads the answers."""
import urllib.request


def double(x):
    return urllib.request.urlopen("http://localhost:@PORT@/answers", timeout=2).read()
