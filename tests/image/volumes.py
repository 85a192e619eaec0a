"""
Volumes as the kubelet makes them: root's, with the pod's group, where podman gives them to the user of the image.

Only root can make them, which the tests of containers want anyway.
"""

import os
import time


class Volumes:
    """Of a pod, below `folder`; `group` is the pod's `fsGroup`."""

    def __init__(self, folder, group):
        self._folder = folder
        self._group = group

    def empty(self, name):
        """Root's, and writable; new files in it are of the pod's group."""
        path = self._folder / name
        path.mkdir()
        os.chown(path, 0, self._group)
        path.chmod(0o2777)
        return path

    def files(self, name, data, mode=0o644):
        """A ConfigMap's or a Secret's: a link for each file, through the link `..data`, which leads to those of now."""
        path = self._folder / name
        path.mkdir()
        path.chmod(0o755)
        self.replace(path, data, mode)
        for each in data:
            (path / each).symlink_to(f"..data/{each}")
        return path

    def replace(self, path, data, mode=0o644):
        """New files, in one moment."""
        fresh = path / f"..{time.monotonic_ns()}"
        fresh.mkdir()
        fresh.chmod(0o755)
        for name, content in data.items():
            (fresh / name).write_bytes(content)
            os.chown(fresh / name, 0, self._group)
            (fresh / name).chmod(mode)
        (path / "..data_tmp").symlink_to(fresh.name)
        (path / "..data_tmp").replace(path / "..data")
