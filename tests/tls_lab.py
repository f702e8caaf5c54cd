# SPDX-License-Identifier: MIT
"""Certificates of the test's own, made by openssl, and a web server over TLS that answers as told."""

import os
import shutil
import socket
import ssl
import subprocess
import threading

CA_CONFIG = """\
[ca]
default_ca = lab
[lab]
new_certs_dir = {folder}
database = {folder}/index
serial = {folder}/serial
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
"""


def available():
    return shutil.which("openssl") is not None


class Lab:
    """An authority in FOLDER; .ca is its certificate."""

    def __init__(self, folder, name="lab"):
        self.folder = os.path.join(folder, name)
        os.makedirs(self.folder)
        self.ca, self.ca_key = self.path("ca.pem"), self.path("ca.key")
        self.write("index", "")
        self.write("serial", "01")
        self.write("ca.cnf", CA_CONFIG.format(folder=self.folder))
        self.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                     "/CN=" + name, "-keyout", self.ca_key, "-out", self.ca)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    def openssl(self, *args, data=None):
        return subprocess.run(["openssl", *args], input=data, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, check=True).stdout

    def certificate(self, host, expired=False):
        """The paths of a certificate for HOST, valid for two days or no more, and of its key."""
        name = host + ("-old" if expired else "")
        cert, key, request = (self.path(name + end) for end in (".pem", ".key", ".csr"))
        kind = "IP:" if host.replace(".", "").isdigit() else "DNS:"
        self.openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=" + host,
                     "-addext", "subjectAltName=" + kind + host, "-keyout", key, "-out", request)
        dates = ("-startdate", "20200101000000Z", "-enddate", "20200102000000Z") if expired else \
            ("-days", "2")
        self.openssl("ca", "-batch", "-notext", "-config", self.path("ca.cnf"), "-cert", self.ca,
                     "-keyfile", self.ca_key, "-in", request, "-out", cert, *dates)
        return cert, key

    def sign(self, key, data, digest="sha256"):
        """RSA with PKCS #1 v1.5, as bytes."""
        return self.openssl("dgst", "-" + digest, "-sign", key, data=data)


class Server:
    """Answers on 127.0.0.1 with what ANSWER(target, connection) returns: bytes; None: nothing any
    more. Remembers the targets that it was asked for, and how many connected."""

    def __init__(self, certificate, answer):
        self.answer, self.targets, self.connections = answer, [], 0
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(*certificate)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, plain):
        try:
            plain.settimeout(20)
            with self.context.wrap_socket(plain, server_side=True) as connection:
                head = b""
                while b"\r\n\r\n" not in head:
                    piece = connection.recv(4096)
                    if not piece:
                        return
                    head += piece
                self.head = head
                target = head.split()[1].decode()
                self.targets.append(target)
                answer = self.answer(target, connection)
                if answer is not None:
                    connection.sendall(answer)
        except (OSError, ssl.SSLError):
            pass

    def close(self):
        self.listener.close()


def response(body=b"", status="200 OK", fields=()):
    head = ["HTTP/1.1 " + status, "Content-Length: %d" % len(body), "Connection: close", *fields]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body
