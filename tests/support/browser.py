# SPDX-License-Identifier: Apache-2.0
"""Headless Chromium over its DevTools pipe: opens a file and tells what the page said, asked for and looks like."""
import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

SWITCHES = ['--headless', '--no-sandbox', '--disable-gpu', '--hide-scrollbars', '--no-first-run', '--disable-background-networking',
            '--disable-component-update', '--host-resolver-rules=MAP * ~NOTFOUND', '--remote-debugging-pipe']
SECONDS = 60


class Browser:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix='churnd-browser.')
        theirs_in, self.out = os.pipe()
        self.back, theirs_out = os.pipe()
        command = ['sh', '-c', f'exec "$0" "$@" 3<&{theirs_in} 4>&{theirs_out}', 'chromium', *SWITCHES, f'--user-data-dir={self.folder}/profile']
        self.process = subprocess.Popen(command, pass_fds=(theirs_in, theirs_out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(theirs_in)
        os.close(theirs_out)
        self.pending, self.events, self.last, self.session = b'', [], 0, None
        target = self.call('Target.createTarget', url='about:blank')['targetId']
        self.session = self.call('Target.attachToTarget', targetId=target, flatten=True)['sessionId']
        for domain in ('Page', 'Runtime', 'Log', 'Network'):
            self.call(domain + '.enable')

    def receive(self):
        deadline = time.monotonic() + SECONDS
        while b'\0' not in self.pending:
            ready, _, _ = select.select([self.back], [], [], max(0, deadline - time.monotonic()))
            piece = os.read(self.back, 1 << 20) if ready else b''
            if not piece:
                raise AssertionError('the browser says nothing')
            self.pending += piece
        one, self.pending = self.pending.split(b'\0', 1)
        return json.loads(one)

    def call(self, method, **params):
        self.last += 1
        message = {'id': self.last, 'method': method, 'params': params}
        if self.session:
            message['sessionId'] = self.session
        os.write(self.out, json.dumps(message).encode() + b'\0')
        while True:
            reply = self.receive()
            if reply.get('id') == self.last:
                if 'error' in reply:
                    raise AssertionError(f'{method}: {reply["error"]}')
                return reply['result']
            self.events.append(reply)

    def await_event(self, method):
        while not any(event.get('method') == method for event in self.events):
            self.events.append(self.receive())

    def look(self, path, width, height, dark=False, media=''):
        """Opens a file as on a screen of that size; from here on said() and asked() are of this page."""
        self.events.clear()
        self.call('Emulation.setDeviceMetricsOverride', width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        self.call('Emulation.setEmulatedMedia', media=media, features=[{'name': 'prefers-color-scheme', 'value': 'dark' if dark else 'light'}])
        self.url = 'file://' + os.path.abspath(path)
        self.call('Page.navigate', url=self.url)
        self.await_event('Page.loadEventFired')

    def evaluate(self, expression):
        result = self.call('Runtime.evaluate', expression=expression, returnByValue=True, awaitPromise=True)
        if 'exceptionDetails' in result:
            raise AssertionError(f'{expression}: {result["exceptionDetails"]}')
        return result['result'].get('value')

    def said(self):
        """Errors and warnings of the console, exceptions, refusals of the policy."""
        self.evaluate('new Promise((done) => setTimeout(done, 100))')  # what is under way comes in
        words = []
        for event in self.events:
            params = event.get('params', {})
            if event['method'] == 'Runtime.exceptionThrown':
                words.append(str(params['exceptionDetails']))
            elif event['method'] == 'Runtime.consoleAPICalled':
                words.append(str(params['args']))
            elif event['method'] == 'Log.entryAdded':
                words.append(params['entry']['text'])
        return words

    def asked(self):
        """What was requested but the page itself."""
        urls = [event['params']['request']['url'] for event in self.events if event['method'] == 'Network.requestWillBeSent']
        return [url for url in urls if url != self.url]

    def picture(self, path, whole=False):
        size = self.evaluate('({w: innerWidth, h: %s})' % ('document.documentElement.scrollHeight' if whole else 'innerHeight'))
        shot = self.call('Page.captureScreenshot', captureBeyondViewport=True, clip={'x': 0, 'y': 0, 'width': size['w'], 'height': size['h'], 'scale': 1})
        with open(path, 'wb') as out:
            out.write(base64.b64decode(shot['data']))

    def close(self):
        os.close(self.out)
        os.close(self.back)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
