"""A store whose longer bodies go where files would be, without files."""

from runtime.cache.memory import MemoryStore


class Written:
    """A `BodyWriter` that can be read along; it takes at most `limit` bytes."""

    def __init__(self, limit):
        self.limit = limit
        self.data = b""

    @property
    def size(self):
        return len(self.data)

    written = size

    def write(self, data):
        if len(self.data) + len(data) > self.limit:
            return False
        self.data += data
        return True

    def along(self):
        return self

    def unwritten(self):
        return b""

    def read(self, offset, length):
        return self.data[offset : offset + length]

    def finish(self):
        return self.data

    def abort(self):
        pass


class Files:
    """An `Overflow`."""

    def __init__(self, max_object_bytes):
        self.max_object_bytes = max_object_bytes

    def begin(self, _length):
        return Written(self.max_object_bytes)


class WithFiles(MemoryStore):
    """Bodies longer than `memory_bytes` go to the writers above, up to `file_bytes`, and are kept all the same."""

    def __init__(self, memory_bytes, file_bytes):
        super().__init__(1 << 20, file_bytes)
        self.overflow = Files(file_bytes)
        self.max_object_bytes = memory_bytes

    overflow = None

    def put(self, primary, stored, since=None):
        limit, self.max_object_bytes = self.max_object_bytes, self.overflow.max_object_bytes
        try:
            return super().put(primary, stored, since)
        finally:
            self.max_object_bytes = limit
