"""Contract tests of a sign-up, on real stores: taishang-sandbox exec --lease -- pytest"""

import os

import psycopg
import pytest
import redis


@pytest.fixture
def users():
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        yield connection


@pytest.fixture
def sessions():
    with redis.Redis.from_url(os.environ["REDIS_URL"], decode_responses=True) as client:
        yield client


def sign_up(users, sessions, username):
    """What a service does: a row, and a session that ends by itself."""
    row = users.execute(
        "INSERT INTO users (username, email, password_hash) VALUES (%s, %s, 'none') RETURNING id",
        (username, f"{username}@example.org"),
    ).fetchone()
    sessions.set(f"session:{row[0]}", username, ex=60)
    return row[0]


def test_who_signs_up_has_a_session_that_ends(users, sessions):
    user = sign_up(users, sessions, "python_signs_up")
    assert users.execute("SELECT status FROM users WHERE id = %s", (user,)).fetchone() == ("active",)
    assert sessions.get(f"session:{user}") == "python_signs_up"
    assert 0 < sessions.ttl(f"session:{user}") <= 60


def test_a_name_that_is_taken_is_refused_and_gets_no_session(users, sessions):
    sign_up(users, sessions, "python_taken")
    before = sessions.dbsize()
    with pytest.raises(psycopg.errors.UniqueViolation):
        sign_up(users, sessions, "python_taken")
    assert sessions.dbsize() == before
