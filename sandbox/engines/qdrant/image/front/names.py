"""Names of collections: which ones the server takes, and the folder that one is kept in."""

import hashlib

from .answers import RequestError

# Qdrant 1.19, lib/common/common/src/validation.rs: for names that are made, and for names of what is there already.
REFUSED = '<>:"/\\|?*\0\x1f'
REFUSED_LEGACY = "/\0"
CHARACTERS_MAX = 255
# The server makes a folder of this name, and file systems take no longer one.
BYTES_MAX = 255


def require_new_name(name: str) -> str:
    """A name that a collection may be given. Names that a file system reads as something else are none."""
    require_name(name, REFUSED)
    if len(name.encode()) > BYTES_MAX:
        raise RequestError(500, "Service internal error: failed to create collection directory: File name too long (os error 36)")
    if name in (".", ".."):
        raise RequestError(400, f"Wrong input: `{name}` is no name for a collection")
    return name


def require_name(name: str, refused: str = REFUSED_LEGACY) -> str:
    if not 1 <= len(name) <= CHARACTERS_MAX:
        raise RequestError(
            422, f"Validation error in path parameters: [collection_name: value must be from 1 to {CHARACTERS_MAX} characters long]"
        )
    found = next((character for character in refused if character in name), None)
    if found is not None:
        raise RequestError(
            422, f'Validation error in path parameters: [collection_name: collection name cannot contain "{found}" char]'
        )
    return name


def folder_name(name: str) -> str:
    """Name of a collection's folder: no name leads out of its parent, or is too long."""
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:32]
