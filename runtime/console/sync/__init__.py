"""Nodes that follow: manifests and blobs out, reports in, all from memory; the store is asked in the background."""
