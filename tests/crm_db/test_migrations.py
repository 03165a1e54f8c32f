"""Migrations: the same schema as the models, there and back again, and nothing to do the second time."""

import pytest

from crm_db import catalog, migrate, roles


def test_models_and_migrations_agree(database):
    migrate.check(database.owner_url)


def test_migrations_go_down_and_up_again(database):
    migrate.downgrade(database.owner_url)
    report = migrate.upgrade(database.owner_url)
    assert report.applied
    assert report.functions
    assert catalog.problems(database.owner_url) == []


def test_a_second_upgrade_changes_nothing(database):
    assert migrate.upgrade(database.owner_url) == migrate.MigrationReport((), ())
    assert migrate.pending(database.owner_url) == ()


def test_a_database_of_somebody_else_is_left_alone(database):
    database.server.execute("create database {}", "crm_of_others")
    try:
        with pytest.raises(roles.NotOurs, match="crm_of_others"):
            roles.ensure_database(database.server.admin_url, "crm_of_others", "crm_owner")
    finally:
        database.server.execute("drop database {}", "crm_of_others")
