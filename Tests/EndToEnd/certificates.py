"""Certificates for one test, made with the openssl command."""

import os
import subprocess

NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]


def openssl(*arguments, **options):
    return subprocess.run(("openssl",) + arguments, check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          **options).stdout


class Authority:
    """Signs. Everything lies in a folder that the test owns."""

    def __init__(self, folder, name="Test CA"):
        self.folder = os.path.join(folder, name.replace(" ", "-"))
        os.mkdir(self.folder)
        self.key = os.path.join(self.folder, "authority.key")
        self.file = os.path.join(self.folder, "authority.pem")
        openssl("req", "-x509", *NEW_KEY, "-keyout", self.key, "-out", self.file, "-subj", "/CN=" + name,
                "-days", "2")
        self.serial = 0

    def leaf(self, name="server", subject="/CN=localhost", hosts="DNS:localhost,IP:127.0.0.1", days=30):
        """Paths of a certificate and its key; days below zero for one that has expired."""
        self.serial += 1
        base = os.path.join(self.folder, "%s-%d" % (name, self.serial))
        openssl("req", "-new", *NEW_KEY, "-keyout", base + ".key", "-out", base + ".csr", "-subj", subject)
        with open(base + ".ext", "w") as file:
            file.write("subjectAltName=%s\nbasicConstraints=critical,CA:false\n" % hosts)
        openssl("x509", "-req", "-in", base + ".csr", "-CA", self.file, "-CAkey", self.key, "-days", str(days),
                "-set_serial", str(self.serial), "-extfile", base + ".ext", "-out", base + ".pem")
        return base + ".pem", base + ".key"


def fingerprint(path):
    """SHA-256 in lower case, without colons."""
    text = openssl("x509", "-in", path, "-noout", "-fingerprint", "-sha256").decode()
    return text.strip().split("=")[1].replace(":", "").lower()
