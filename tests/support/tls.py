# SPDX-License-Identifier: Apache-2.0
"""A certificate authority of the tests' own, and nginx as an ordinary HTTPS endpoint before a plain receiver."""
import os
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from patience import SLOWER  # noqa: E402

NGINX = next((path for path in ("/usr/sbin/nginx", "/usr/bin/nginx") if os.path.exists(path)), "nginx")


def openssl(*words):
    subprocess.run(["openssl", *words], check=True, capture_output=True)


class Authority:
    """NAME.pem, NAME.key in `folder`; issue() makes certificates of it."""

    def __init__(self, folder, name):
        self.folder, self.name = folder, name
        self.pem, self.key = self.path(name + ".pem"), self.path(name + ".key")
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                "/CN=" + name, "-keyout", self.key, "-out", self.pem)

    def path(self, name):
        return os.path.join(self.folder, name)

    def issue(self, name, host="localhost", names=None, days=2):
        """(certificate, key) for a host, or for a client; of a negative number of days it has expired."""
        pem, key, request, more = (self.path(name + end) for end in (".pem", ".key", ".csr", ".ext"))
        with open(more, "w", encoding="ascii") as file:
            file.write("subjectAltName=%s\n" % (names or "DNS:" + host))
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=" + host,
                "-keyout", key, "-out", request)
        openssl("x509", "-req", "-in", request, "-CA", self.pem, "-CAkey", self.key, "-CAcreateserial", "-days", str(days),
                "-extfile", more, "-out", pem)
        return pem, key


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Nginx:
    """servers: (certificate, key, client authority or None) each; `ports` in the same order."""

    def __init__(self, folder, to, servers):
        self.ports = [free_port() for _ in servers]
        blocks = []
        for port, (pem, key, clients) in zip(self.ports, servers):
            verify = "ssl_verify_client on; ssl_client_certificate %s;" % clients if clients else ""
            blocks.append("server { listen 127.0.0.1:%d ssl; ssl_certificate %s; ssl_certificate_key %s; %s\n"
                          "location / { proxy_pass http://127.0.0.1:%d; proxy_http_version 1.1; proxy_set_header Connection ''; } }"
                          % (port, pem, key, verify, to))
        paths = "".join("%s_temp_path %s;\n" % (kind, os.path.join(folder, "nginx-" + kind))
                        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        config = os.path.join(folder, "nginx.conf")
        with open(config, "w", encoding="ascii") as file:
            file.write("daemon off; master_process off; pid %s; error_log %s;\nevents {}\nhttp { access_log off;\n%s%s\n}\n" % (
                os.path.join(folder, "nginx.pid"), os.path.join(folder, "nginx.log"), paths, "\n".join(blocks)))
        self.process = subprocess.Popen([NGINX, "-p", folder, "-e", os.path.join(folder, "nginx.log"), "-c", config])
        for port in self.ports:
            self.wait(port)

    def wait(self, port, patience=10 * SLOWER):
        deadline = time.monotonic() + patience
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                return
            except OSError:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise
                time.sleep(0.01)

    def close(self):
        self.process.terminate()
        self.process.wait()
