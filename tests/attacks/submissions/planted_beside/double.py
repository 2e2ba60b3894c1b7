"""3: conftest.py, pytest.ini, numpy.py, torch.py, sitecustomize.py and a .pth beside the submission."""


def double(x):
    return x
