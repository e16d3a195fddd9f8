# SPDX-License-Identifier: Apache-2.0
"""A proxy before redis-server that kills its client at a given command: before it, after it, or in the middle of
its bytes."""
import os
import select
import socket
import threading


class Cutter:
    """cut_at(n, how, kill): at the n-th command from now on calls kill() and closes every connection."""

    def __init__(self, listen, server):
        self.listen, self.server = listen, server
        self.lock = threading.Lock()
        self.left, self.how, self.kill, self.commands = None, None, None, 0
        self.pairs = []
        if os.path.exists(listen):
            os.unlink(listen)
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(listen)
        self.socket.listen(16)
        threading.Thread(target=self.accept, daemon=True).start()

    def cut_at(self, n, how, kill):
        with self.lock:
            self.left, self.how, self.kill = n, how, kill

    def spare(self):
        with self.lock:
            self.left = None

    def accept(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            try:
                server.connect(self.server)
            except OSError:
                client.close()
                server.close()
                continue
            threading.Thread(target=self.carry, args=(client, server), daemon=True).start()

    def carry(self, client, server):
        rest = b""
        try:
            while True:
                ready, _, _ = select.select([client, server], [], [])
                if server in ready:
                    data = server.recv(1 << 18)
                    if not data:
                        return
                    client.sendall(data)
                if client in ready:
                    data = client.recv(1 << 18)
                    if not data:
                        return
                    rest = self.forward(server, rest + data)
                    if rest is None:
                        return
        except OSError:
            pass
        finally:
            client.close()
            server.close()

    def forward(self, server, data):
        """Sends whole commands on; None when the cut came."""
        at = 0
        while True:
            end = command_end(data, at)
            if end is None:
                server.sendall(data[:at])
                return data[at:]
            cut = None
            with self.lock:
                self.commands += 1
                if self.left is not None:
                    self.left -= 1
                    if self.left <= 0:
                        cut, self.left = self.how, None
            if cut:
                stop = {"before": at, "half": (at + end) // 2, "after": end}[cut]
                server.sendall(data[:stop])
                self.kill()
                return None
            at = end

    def close(self):
        self.socket.close()


def command_end(data, at):
    """Where the RESP array that begins at `at` ends, or None while it is not whole."""
    line = data.find(b"\r\n", at)
    if line < 0:
        return None
    count, at = int(data[at + 1:line]), line + 2
    for _ in range(count):
        line = data.find(b"\r\n", at)
        if line < 0:
            return None
        at = line + 2 + int(data[at + 1:line]) + 2
        if at > len(data):
            return None
    return at
