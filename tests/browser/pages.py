"""An origin with a page that tells what it saw, what the page fetches, and a WebSocket that echoes."""

import asyncio
import base64
import hashlib

from tests.support.raworigin import response

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
PAGE = b"""<!doctype html><html lang=en><title>A page</title><body><ul></ul><script>
const list = document.querySelector('ul')
const say = text => { const row = document.createElement('li'); row.textContent = text; list.append(row) }
const asked = async path => {
  const answer = await fetch(path)
  say(`${path} ${answer.status} ${answer.headers.get('x-cache')} ${(await answer.text()).length}`)
}
const spoken = () => new Promise(done => {
  const socket = new WebSocket(`wss://${location.host}/echo`)
  socket.onopen = () => socket.send('hello')
  socket.onmessage = event => { say(`socket ${event.data}`); socket.close(); done() }
  socket.onerror = () => { say('socket failed'); done() }
})
const steps = async () => {
  await asked('/object'); await asked('/object?again'); await asked('/large'); await asked('/refused')
  await spoken()
  const rows = [...document.querySelectorAll('li')].map(row => row.textContent)
  await fetch('/told', {method: 'POST', body: rows.join('\\n')})
}
steps()
</script>"""
OBJECT = b"x" * 1000
LARGE = bytes(range(256)) * 8192


def answer(target):
    """What the origin says to a request for `target` that is no WebSocket's."""
    kept = b"Cache-Control: max-age=60"
    bodies = {b"/": (PAGE, b"Content-Type: text/html"), b"/large": (LARGE, kept)}
    body, *fields = bodies.get(target, (OBJECT, kept))
    return response(body, *fields)


class Origin:
    """Pages by `answer`; `/echo` is a WebSocket."""

    def __init__(self):
        self.host = "127.0.0.1"
        self.targets = []
        self.told = asyncio.get_running_loop().create_future()
        """What the page saw, a line each."""

    async def __aenter__(self):
        self._tasks = set()
        self._server = await asyncio.start_server(self._serve, self.host, 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader, writer):
        self._tasks.add(asyncio.current_task())
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                line, *fields = head.split(b"\r\n")
                self.targets.append(line.split(b" ")[1])
                named = dict(field.lower().split(b": ", 1) for field in fields if b": " in field)
                if b"upgrade" in named:
                    key = next(
                        field[19:] for field in fields if field.lower().startswith(b"sec-websocket-key")
                    )
                    await self._echo(reader, writer, key.strip())
                    return
                body = await reader.readexactly(int(named.get(b"content-length", 0)))
                if self.targets[-1] == b"/told" and not self.told.done():
                    self.told.set_result(body.decode().split("\n"))
                writer.write(answer(self.targets[-1]))
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()

    async def _echo(self, reader, writer, key):
        """RFC 6455: the handshake, one short text frame back, then whatever the client says is its close."""
        accept = base64.b64encode(hashlib.sha1(key + GUID).digest())
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n")
        writer.write(b"Sec-WebSocket-Accept: %b\r\n\r\n" % accept)
        first, second = await reader.readexactly(2)
        mask = await reader.readexactly(4)
        text = await reader.readexactly(second & 127)
        plain = bytes(byte ^ mask[at % 4] for at, byte in enumerate(text))
        writer.write(bytes([first, len(plain)]) + plain)
        await reader.read(100)
