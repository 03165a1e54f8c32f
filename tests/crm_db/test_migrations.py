"""Migrations: the same schema as the models, there and back again, and nothing to do the second time."""

from crm_db import catalog, migrate


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
