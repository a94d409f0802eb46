"""Aliases: other names of collections, in a file of their own. A snapshot of a collection has none, as with the server."""

import json
from pathlib import Path
from typing import Any

from starlette.requests import Request

from .answers import RequestError, json_body
from .store import Store


def store_of(request: Request) -> Store:
    return request.app.state.store


async def list_aliases(request: Request) -> dict[str, Any]:
    wanted = request.path_params.get("name")
    found = [
        {"alias_name": alias, "collection_name": collection}
        for alias, collection in sorted(store_of(request).aliases.items())
        if wanted is None or collection == wanted
    ]
    return {"aliases": found}


async def change_aliases(request: Request) -> bool:
    """All of the actions, or none."""
    store = store_of(request)
    actions = (await json_body(request)).get("actions") or []
    # From here on nobody else comes in between.
    aliases = dict(store.aliases)
    for action in actions:
        apply(store, aliases, action)
    store.write_aliases(aliases)
    return True


def apply(store: Store, aliases: dict[str, str], action: dict[str, Any]) -> None:
    if "create_alias" in action:
        alias, collection = action["create_alias"]["alias_name"], action["create_alias"]["collection_name"]
        if collection not in store.collections:
            raise RequestError(404, f"Not found: Collection `{collection}` doesn't exist!")
        if alias in store.collections:
            raise RequestError(409, f"Wrong input: Collection `{alias}` already exists!")
        aliases[alias] = collection
    elif "delete_alias" in action:
        aliases.pop(action["delete_alias"]["alias_name"], None)
    elif "rename_alias" in action:
        names = action["rename_alias"]
        if names["old_alias_name"] not in aliases:
            raise RequestError(404, f"Not found: Alias {names['old_alias_name']} does not exists!")
        aliases[names["new_alias_name"]] = aliases.pop(names["old_alias_name"])
    else:
        raise RequestError(400, "Format error in JSON body: unknown alias action")
