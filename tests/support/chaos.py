# SPDX-License-Identifier: Apache-2.0
"""Bad networks on loopback: a proxy that delays, cuts, resets, drips or forgets, and servers that never answer."""
import socket
import struct
import threading
import time


def listener(backlog=64, port=0):
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", port))
    sock.listen(backlog)
    return sock


def reset(sock):
    """Ends with RST instead of FIN, also where another thread waits for what comes."""
    try:
        sock.shutdown(socket.SHUT_RD)
    except OSError:
        pass  # it has ended by itself
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


class Server:
    """Listens on 127.0.0.1; each connection is a thread in serve()."""

    def __init__(self, port=0):
        self.listener, self.taken, self.lock, self.ended = listener(64, port), [], threading.Lock(), threading.Event()
        self.count = 0  # connections there have been
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.lock:
                self.taken.append(sock)
                self.count += 1
            threading.Thread(target=self.run, args=(sock,), daemon=True).start()

    def run(self, sock):
        try:
            self.serve(sock)
        except (OSError, ValueError):
            pass

    def serve(self, sock):
        raise NotImplementedError

    @property
    def connections(self):
        with self.lock:
            return len(self.taken)

    def drop(self):
        """Ends every connection there is."""
        with self.lock:
            for sock in self.taken:
                try:
                    sock.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass  # it is no more

    def close(self):
        self.ended.set()
        self.listener.shutdown(socket.SHUT_RDWR)  # wakes accept(), which would keep the port
        self.listener.close()
        self.drop()


class Mute(Server):
    """Takes the connection and never says a word: hangs in TLS, if that is what is asked of it."""

    def serve(self, sock):
        while sock.recv(65536):
            pass


class Drip(Server):
    """Answers a byte at a time and never comes to an end."""

    def __init__(self, pause=0.1):
        self.pause = pause
        super().__init__()

    def serve(self, sock):
        sock.recv(65536)
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n")
        while not self.ended.wait(self.pause):
            sock.sendall(b".")


class Endless(Server):
    """Answers 200 and a body that goes on as fast as it is read, in chunks; `sent` counts it."""
    sent = 0

    def serve(self, sock):
        sock.recv(65536)
        sock.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not self.ended.is_set():
            sock.sendall(b"1000\r\n" + b"x" * 4096 + b"\r\n")
            self.sent += 4096


class BlackHole:
    """A port whose queue is full: whoever knocks hears nothing."""

    def __init__(self):
        self.listener = listener(0)
        self.port = self.listener.getsockname()[1]
        self.fillers = []
        for _ in range(4):
            sock = socket.socket()
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.1", self.port))
            self.fillers.append(sock)

    def close(self):
        for sock in [self.listener, *self.fillers]:
            sock.close()


class Proxy(Server):
    """Carries bytes to a port, as `how` says for the connections that begin from then on; `after` is in bytes.

    pass; slow: 50 ms before each piece; bytes: one at a time; cut: FIN after so many bytes of the answer; cut_request:
    FIN in the middle of the request; reset: RST after so many bytes of the answer; refuse: RST at once;
    forget: takes everything, carries the request, keeps the answer to itself; half: the client's side is
    closed for writing after the request, and nothing else ever comes."""

    def __init__(self, to, how="pass", after=0, port=0):
        self.to, self.how, self.after = to, how, after
        super().__init__(port)

    def mend(self):
        """From now on everything passes; what was begun before ends."""
        self.how = "pass"
        self.drop()

    def serve(self, sock):
        how, after = self.how, self.after
        if how == "refuse":
            sock.recv(1)
            reset(sock)
            return
        there = socket.create_connection(("127.0.0.1", self.to))
        with self.lock:
            self.taken.append(there)
        there.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=self.run_back, args=(how, after, there, sock), daemon=True).start()
        sent = 0
        while data := sock.recv(65536):
            if how == "cut_request":
                there.sendall(data[:len(data) // 2])
                for end in (sock, there):  # close() alone ends nothing for which run_back() waits
                    end.shutdown(socket.SHUT_RDWR)
                return
            if how == "half":
                sock.shutdown(socket.SHUT_WR)
                while sock.recv(65536):
                    pass
                return
            self.carry(how, data, there)
            sent += len(data)
        there.shutdown(socket.SHUT_WR)

    @staticmethod
    def carry(how, data, to):
        if how == "slow":
            time.sleep(0.05)
        if how != "bytes":
            to.sendall(data)
            return
        for n in range(len(data)):
            to.sendall(data[n:n + 1])

    def run_back(self, how, after, there, sock):
        try:
            carried = 0
            while data := there.recv(65536):
                if how == "forget":
                    continue
                if how in ("cut", "reset") and carried + len(data) > after:
                    sock.sendall(data[:after - carried])
                    if how == "reset":
                        reset(sock)
                    else:
                        sock.shutdown(socket.SHUT_RDWR)
                    there.close()
                    return
                self.carry(how, data, sock)
                carried += len(data)
            sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass
