"""A real browser, driven over the DevTools protocol with the standard library alone."""

import base64
import json
import os
import shutil
import socket
import struct
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request

BROWSERS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
FLAGS = (
    "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-component-update "
    "--disable-sync --disable-dev-shm-usage --remote-debugging-port=0 --hide-scrollbars"
).split()


def find():
    return next((path for path in map(shutil.which, BROWSERS) if path), None)


class Socket:
    """A WebSocket, as far as a browser that talks to its debugger needs one (RFC 6455)."""

    def __init__(self, url):
        where = urllib.parse.urlparse(url)
        self.socket = socket.create_connection((where.hostname, where.port), timeout=60)
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET {where.path} HTTP/1.1\r\nHost: {where.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        self.file = self.socket.makefile("rb")
        assert b"101" in self.file.readline()
        while self.file.readline().strip():
            pass

    def send(self, text):
        data = text.encode()
        mask = os.urandom(4)
        if len(data) < 126:
            head = struct.pack("!BB", 0x81, 0x80 | len(data))
        elif len(data) < 1 << 16:
            head = struct.pack("!BBH", 0x81, 0x80 | 126, len(data))
        else:
            head = struct.pack("!BBQ", 0x81, 0x80 | 127, len(data))
        self.socket.sendall(head + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(data)))

    def receive(self):
        message = b""
        while True:
            first, second = self.file.read(2)
            length = second & 0x7F
            if length == 126:
                (length,) = struct.unpack("!H", self.file.read(2))
            elif length == 127:
                (length,) = struct.unpack("!Q", self.file.read(8))
            data = self.file.read(length)
            if first & 0x0F in (0, 1, 2):
                message += data
                if first & 0x80:
                    return message.decode()


class Page:
    """A tab. What a page says is wrong is collected in `errors`."""

    def __init__(self, address):
        self.connection = Socket(address)
        self.number = 0
        self.errors = []
        for domain in ["Page", "Runtime", "Log", "Network", "Performance"]:
            self.call(f"{domain}.enable")

    def call(self, method, **parameters):
        self.number += 1
        self.connection.send(json.dumps(dict(id=self.number, method=method, params=parameters)))
        while True:
            message = json.loads(self.connection.receive())
            if message.get("id") == self.number:
                assert "error" not in message, f"{method}: {message['error']}"
                return message["result"]
            self.hear(message)

    def hear(self, message):
        details = message.get("params", {})
        if message.get("method") == "Runtime.exceptionThrown":
            told = details["exceptionDetails"]
            self.errors.append(told.get("exception", {}).get("description", told["text"]))
        elif message.get("method") == "Runtime.consoleAPICalled" and details["type"] in ("error", "warning"):
            self.errors.append(" ".join(str(value.get("value")) for value in details["args"]))
        elif message.get("method") == "Log.entryAdded" and details["entry"]["level"] == "error":
            self.errors.append(f"{details['entry']['text']} {details['entry'].get('url', '')}")

    def open(self, url):
        self.call("Page.navigate", url=url)

    def evaluate(self, code):
        """The value of an expression, which may be a promise."""
        told = self.call("Runtime.evaluate", expression=code, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in told, f"{code}: {told['exceptionDetails']}"
        return told["result"].get("value")

    def until(self, code, seconds=20):
        """Waits until an expression holds."""
        end = time.monotonic() + seconds
        while True:
            if self.evaluate(f"Boolean({code})"):
                return
            shown = self.evaluate("document.body?.innerText.slice(0, 2000)")
            assert time.monotonic() < end, f"does not come: {code}\n{shown}\n{self.errors}"
            time.sleep(0.05)

    def size(self, width, height=900, mobile=False):
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=mobile
        )

    def scheme(self, name):
        self.call("Emulation.setEmulatedMedia", features=[dict(name="prefers-color-scheme", value=name)])

    def key(self, name):
        text = {"Enter": "\r", "Space": " "}.get(name)
        key = {"Space": " "}.get(name, name)
        codes = {"Enter": 13, "Space": 32, "Tab": 9, "ArrowDown": 40, "ArrowUp": 38, "ArrowRight": 39, "ArrowLeft": 37}
        codes |= {"Home": 36, "End": 35, "PageDown": 34, "Escape": 27, "Delete": 46}
        fields = dict(key=key, code=name, windowsVirtualKeyCode=codes[name])
        self.call("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", **fields, **(dict(text=text) if text else {}))
        self.call("Input.dispatchKeyEvent", type="keyUp", **fields)

    def spot(self, element, share):
        """Where a point of an element is, by its shares of width and height."""
        where = self.evaluate(
            f"(() => {{ const e = {element}; e.scrollIntoView({{ block: 'nearest' }}); "
            "const r = e.getBoundingClientRect(); return [r.left, r.top, r.width, r.height]; })()"
        )
        return where[0] + share[0] * where[2], where[1] + share[1] * where[3]

    def mouse(self, kind, at, **more):
        self.call("Input.dispatchMouseEvent", type=kind, x=at[0], y=at[1], button="left", **more)

    def click(self, element, share=(0.5, 0.5), times=1):
        at = self.spot(element, share)
        for count in range(1, times + 1):
            self.mouse("mousePressed", at, clickCount=count, buttons=1)
            self.mouse("mouseReleased", at, clickCount=count)

    def drag(self, element, start, end, steps=8, each=lambda: None):
        """Draws a line over an element; `each` is called after every step."""
        self.mouse("mousePressed", self.spot(element, start), clickCount=1, buttons=1)
        for step in range(1, steps + 1):
            share = [a + (b - a) * step / steps for a, b in zip(start, end)]
            self.mouse("mouseMoved", self.spot(element, share), buttons=1)
            each()
        self.mouse("mouseReleased", self.spot(element, end), clickCount=1)

    def type(self, text):
        self.call("Input.insertText", text=text)

    def picture_bytes(self, whole=False):
        return base64.b64decode(self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"])

    def picture(self, path, whole=False):
        with open(path, "wb") as file:
            file.write(self.picture_bytes(whole))


class Browser:
    """Headless Chromium with a profile of its own, as a context."""

    def __enter__(self):
        self.profile = tempfile.mkdtemp(prefix="sweep-browser-")
        self.process = subprocess.Popen(
            [find(), *FLAGS, f"--user-data-dir={self.profile}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        active = os.path.join(self.profile, "DevToolsActivePort")
        end = time.monotonic() + 60
        while not (os.path.exists(active) and open(active).read().count("\n") >= 1):
            assert self.process.poll() is None and time.monotonic() < end, "the browser does not start"
            time.sleep(0.05)
        self.port = int(open(active).readline())
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
        shutil.rmtree(self.profile, ignore_errors=True)

    def page(self):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/json/new?about:blank", method="PUT")
        with urllib.request.urlopen(request, timeout=30) as answer:
            return Page(json.load(answer)["webSocketDebuggerUrl"])
