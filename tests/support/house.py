# SPDX-License-Identifier: Apache-2.0
"""A private redis-server and a churnd in a temporary folder, for tests that kill both."""
import base64
import http.server
import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time

from support.patience import SLOWER
from support.redis_client import Redis

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("BUILD") or os.path.join(ROOT, "build")
TOOLS = os.path.join(BUILD, "release", "tools")
SECRET = base64.b64encode(b"a key for tests, 32 bytes long..").decode()


def id_of(text):
    """An entry's id as something that compares."""
    return tuple(int(part) for part in text.split("-"))


class Receiver(http.server.ThreadingHTTPServer):
    """An endpoint that keeps every webhook-id it was sent."""
    daemon_threads, request_queue_size = True, 128

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.seen, self.lock = {}, threading.Lock()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        """A sender that was killed is no news here."""

    @property
    def url(self):
        return "http://127.0.0.1:%d/" % self.server_address[1]


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        with self.server.lock:
            name = self.headers["webhook-id"]
            self.server.seen[name] = self.server.seen.get(name, 0) + 1
        self.send_response(204)
        self.end_headers()

    def log_message(self, *args):
        pass


class House:
    def __init__(self, rules, redis_options=(), prefix="t:", receiver=None, config="", disk=None):
        """`disk`: makes the folder it is given into a disk of its own for Redis; False: it could not."""
        self.folder = tempfile.mkdtemp(prefix="churnd-test.")
        self.sock = os.path.join(self.folder, "redis.sock")
        self.options = list(redis_options)
        self.prefix, self.receiver, self.more = prefix, receiver, config
        self.rules = os.path.join(self.folder, "rules.yaml")
        self.genesis = os.path.join(self.folder, "genesis.yaml")
        self.config = os.path.join(self.folder, "churnd.yaml")
        self.log_path = os.path.join(self.folder, "churnd.log")
        self.log = open(self.log_path, "ab")
        self.churnd = self.redis_process = self.redis = None
        self.connect_to = self.sock  # where churnd goes; a proxy may stand between
        self.born = 0  # where the log of this churnd begins
        self.keep = "36500d"  # of the streams: all
        self.redis_keys = None  # instead: keys of `redis:` that take it another way
        self.redis_folder, self.mounted = self.folder, False
        if disk:
            self.redis_folder = os.path.join(self.folder, "disk")
            self.mounted = disk(self.redis_folder)
        self.write_rules(rules)
        shutil.copy(self.rules, self.genesis)
        self.start_redis()

    # -- files
    def write_rules(self, text):
        with open(self.rules + ".new", "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(self.rules + ".new", self.rules)

    def write_config(self):
        hook = ""
        if self.receiver:
            hook = """webhooks:
  crm: {url: "%s", secret: "whsec_%s", allow: [127.0.0.0/8], retry: {first: 50ms, max: 500ms}}
""" % (self.receiver.url, SECRET)
        with open(self.config, "w", encoding="utf-8") as file:
            file.write("""redis: {%s, prefix: "%s"}
ingest: {keep: %s, keep_output: %s}
rules: [rules.yaml]
http: {listen: "unix:%s/http.sock"}
%s%s""" % (self.redis_keys or 'url: "unix://%s"' % self.connect_to, self.prefix, self.keep, self.keep, self.folder, hook, self.more))

    # -- redis
    def start_redis(self, wait=True, env=None):
        self.redis_process = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", self.sock, "--dir", self.redis_folder, "--save", "",
             *self.options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, restore_signals=False, env=env)
        self.redis = Redis.unix(self.sock, 60 * SLOWER) if wait else None

    def kill_redis(self):
        self.redis_process.send_signal(signal.SIGKILL)
        self.redis_process.wait()
        self.redis.close()

    # -- churnd
    def start(self, env=None, under=()):
        """`under`: the words of a program that runs it."""
        self.write_config()
        self.born = os.path.getsize(self.log_path)
        self.churnd = subprocess.Popen([*under, os.path.join(BUILD, "churnd"), "-c", self.config],
                                       stdout=self.log, stderr=self.log, env=env)

    def alive(self):
        return self.churnd is not None and self.churnd.poll() is None

    def kill(self):
        self.churnd.send_signal(signal.SIGKILL)
        self.churnd.wait()

    def stop(self):
        self.churnd.terminate()
        return self.churnd.wait(30 * SLOWER)

    def listens(self):
        """It has taken over SIGHUP, which would end it before."""
        try:
            with open("/proc/%d/status" % self.churnd.pid, encoding="ascii") as file:
                caught = [line for line in file if line.startswith("SigCgt:")]
            return bool(caught) and bool(int(caught[0].split()[1], 16) & 1)
        except OSError:
            return False

    def reload(self):
        self.wait(self.listens, "it listens to SIGHUP")
        self.churnd.send_signal(signal.SIGHUP)

    # -- what Redis holds
    def key(self, name):
        return self.prefix + name

    def mark(self):
        """fence, seq, position, low of the commit, or None."""
        mark = self.redis.call("GET", self.key("commit"))
        return mark.decode().split() if mark else None

    def position(self):
        mark = self.mark()
        return mark[2] if mark else "0-0"

    def last_id(self):
        last = self.redis.call("XREVRANGE", self.key("events"), "+", "-", "COUNT", "1")
        return last[0][0].decode() if last else "0-0"

    def alerts(self):
        rows = []
        for _, fields in self.redis.call("XRANGE", self.key("alerts"), "-", "+"):
            row = dict(zip(fields[::2], fields[1::2]))
            rows.append({k.decode(): v.decode() for k, v in row.items()})
        return rows

    def bodies(self):
        return [json.loads(row["body"]) for row in self.alerts()]

    # -- waiting
    def log_tail(self, count=3000):
        self.log.flush()
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()[-count:]

    def said(self, words):
        """Has this churnd said so? How often."""
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            file.seek(self.born)
            return file.read().count(words)

    def wait(self, done, what, seconds=30):
        deadline = time.monotonic() + seconds * SLOWER
        while not done():
            if time.monotonic() > deadline or not self.alive():
                raise AssertionError("%s while waiting until %s\n%s" % (
                    "time is up" if self.alive() else "churnd ended", what, self.log_tail()))
            time.sleep(0.003)

    def drain(self, seconds=60):
        """Until everything in the stream is committed."""
        self.wait(lambda: self.position() == self.last_id(), "the stream is drained", seconds)

    def quiet(self):
        """Until what a killed churnd had already sent has been worked off: its connections are gone."""
        deadline = time.monotonic() + 10 * SLOWER
        while self.redis.call("CLIENT", "LIST").count(b"name=churnd") and time.monotonic() < deadline:
            time.sleep(0.002)

    def verify(self):
        """(same, sentence) of the replay tool."""
        self.quiet()
        done = subprocess.run([os.path.join(TOOLS, "verify"), "unix://" + self.sock, self.prefix, self.genesis],
                              capture_output=True, check=False)
        return done.returncode == 0, (done.stdout + done.stderr).decode(errors="replace").strip()

    def go_on(self):
        """The next churnd begins with what the last one left, and comes to what a replay comes to."""
        self.start()
        self.wait(lambda: self.mark() is not None, "the next one goes on")
        self.drain()
        self.wait(self.listens, "it listens to signals")
        status = self.stop()
        assert status == 0, "the next one ended with %d\n%s" % (status, self.log_tail())
        same, sentence = self.verify()
        assert same, sentence + "\n" + self.log_tail()

    def close(self):
        for process in (self.churnd, self.redis_process):
            if process and process.poll() is None:
                process.kill()
                process.wait()
        self.log.close()
        if self.mounted:
            subprocess.run(["umount", self.redis_folder], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)
