from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from core.emulator.directory import (
    ADMINISTRATOR,
    BUSINESS_USER,
    CLIENT_ID,
    IDENTITIES,
    NEW_JOINER,
    PEOPLE,
    RESOURCES,
    SERVICE,
    SUBSCRIPTION_ID,
    SYSTEM_IDENTITY,
    USER_IDENTITY,
    Directory,
)


@pytest.fixture
def directory() -> Directory:
    return Directory()


def test_everyone_but_the_new_joiner_begins_with_the_role_on_both_resources(directory: Directory) -> None:
    principals = [person.object_id for person in PEOPLE] + [SERVICE.object_id]
    principals += [identity.principal_id for identity in IDENTITIES]
    assert len(RESOURCES) == 2
    for resource in RESOURCES:
        without = {principal for principal in principals if not directory.has_role(principal, resource.name)}
        assert without == {NEW_JOINER.object_id}


def test_a_role_is_given_and_taken_per_resource(directory: Directory) -> None:
    first, second = RESOURCES
    directory.grant(NEW_JOINER.object_id, first.name)
    assert directory.has_role(NEW_JOINER.object_id, first.name)
    assert not directory.has_role(NEW_JOINER.object_id, second.name)
    assert (NEW_JOINER.object_id, first.name) in directory.assignments()

    directory.revoke(NEW_JOINER.object_id, first.name)
    directory.revoke(NEW_JOINER.object_id, first.name)
    assert not directory.has_role(NEW_JOINER.object_id, first.name)


def test_a_role_on_a_resource_that_does_not_exist_is_a_mistake(directory: Directory) -> None:
    with pytest.raises(KeyError):
        directory.grant(NEW_JOINER.object_id, "nowhere")


def test_one_directory_knows_nothing_of_another(directory: Directory) -> None:
    directory.grant(NEW_JOINER.object_id, RESOURCES[0].name)
    directory.refuse(BUSINESS_USER.object_id, 50057)
    directory.register_redirect(CLIENT_ID, "https://keyless.contoso.example/")
    other = Directory()
    assert not other.has_role(NEW_JOINER.object_id, RESOURCES[0].name)
    assert other.refusal(BUSINESS_USER.object_id) is None
    application = other.application(CLIENT_ID)
    assert application is not None
    assert not application.accepts_redirect("https://keyless.contoso.example/")


def test_identifiers_are_unique_and_resource_ids_are_whole() -> None:
    identifiers = [person.object_id for person in PEOPLE] + [CLIENT_ID, SERVICE.client_id, SERVICE.object_id]
    identifiers += [value for identity in IDENTITIES for value in (identity.principal_id, identity.client_id)]
    assert len(set(identifiers)) == len(identifiers)
    for resource in RESOURCES:
        assert resource.resource_id.startswith(f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/")
        assert resource.resource_id.endswith(f"/providers/Microsoft.CognitiveServices/accounts/{resource.name}")


def test_a_managed_identity_is_found_by_any_of_its_names(directory: Directory) -> None:
    assert directory.identity() is SYSTEM_IDENTITY
    assert directory.identity(client_id=USER_IDENTITY.client_id) is USER_IDENTITY
    assert directory.identity(principal_id=USER_IDENTITY.principal_id) is USER_IDENTITY
    assert directory.identity(resource_id=USER_IDENTITY.resource_id) is USER_IDENTITY
    assert directory.identity(client_id="nobody") is None
    assert directory.identity(client_id=SYSTEM_IDENTITY.client_id, resource_id=USER_IDENTITY.resource_id) is None


def test_secrets_stay_out_of_what_is_printed(directory: Directory) -> None:
    secret = directory.add_secret(CLIENT_ID)
    application = directory.application(CLIENT_ID)
    assert application is not None
    assert secret in application.client_secrets
    assert secret not in repr(application)


def test_people_are_found_by_object_id(directory: Directory) -> None:
    assert directory.person(ADMINISTRATOR.object_id) is ADMINISTRATOR
    assert directory.person("nobody") is None


def test_changes_from_many_threads_are_all_kept(directory: Directory) -> None:
    with ThreadPoolExecutor(8) as pool:
        secrets = list(pool.map(lambda _: directory.add_secret(CLIENT_ID), range(200)))
    application = directory.application(CLIENT_ID)
    assert application is not None
    assert set(application.client_secrets) == set(secrets)
