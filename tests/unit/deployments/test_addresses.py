from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.clouds import CHINA, CLOUDS, PUBLIC, US_GOVERNMENT, Cloud
from core.deployments.addresses import AddressRefused, AddressRules


def rules(*allowed: str, cloud: Cloud = PUBLIC, on_loopback: bool = True) -> AddressRules:
    return AddressRules(cloud, cloud.authority_host, allowed, on_loopback)


@pytest.mark.parametrize(
    ("pasted", "url"),
    [
        ("https://contoso.openai.azure.com", "https://contoso.openai.azure.com"),
        ("https://contoso.openai.azure.com/", "https://contoso.openai.azure.com"),
        ("  https://contoso.openai.azure.com/openai/v1/ \n", "https://contoso.openai.azure.com"),
        ("https://contoso.openai.azure.com//openai//v1", "https://contoso.openai.azure.com"),
        ("HTTPS://Contoso.OpenAI.Azure.COM/OpenAI/V1", "https://contoso.openai.azure.com"),
        ("https://contoso.openai.azure.com:443/", "https://contoso.openai.azure.com"),
        (
            "https://contoso.openai.azure.com/openai/deployments/gpt/chat/completions?api-version=2024-10-21",
            "https://contoso.openai.azure.com",
        ),
        ("https://contoso.cognitiveservices.azure.com/", "https://contoso.cognitiveservices.azure.com"),
        (
            "https://contoso.services.ai.azure.com/api/projects/Taglines/openai/v1/",
            "https://contoso.services.ai.azure.com/api/projects/Taglines",
        ),
        ("http://127.0.0.1:8501/emulator/resources/contoso-sweden", None),
        ("http://localhost:8501/emulator/resources/contoso-sweden", None),
        ("http://[::1]:8501/x", None),
    ],
)
def test_what_people_paste_becomes_one_form(pasted: str, url: str | None) -> None:
    assert rules().read(pasted).url == (url or pasted)


def test_a_pasted_api_version_is_kept_aside() -> None:
    address = rules().read("https://contoso.openai.azure.com/?API-Version=2024-10-21")
    assert (address.url, address.api_version) == ("https://contoso.openai.azure.com", "2024-10-21")


@pytest.mark.parametrize(
    "hostile",
    [
        "http://169.254.169.254",
        "http://169.254.169.254/metadata/identity",
        "https://169.254.169.254",
        "https://[::ffff:a9fe:a9fe]",
        "https://[::ffff:169.254.169.254]/",
        "https://2852039166",
        "https://0xa9fea9fe",
        "https://127.0.0.1",
        "https://x.openai.azure.com@evil.example",
        "https://x.openai.azure.com:443@evil.example",
        "https://user:word@x.openai.azure.com",
        "https://x.openai.azure.com.evil.com",
        "https://evil.com/x.openai.azure.com",
        "https://evil.com?.openai.azure.com",
        "https://evil.com#.openai.azure.com",
        "https://evil.com\\.openai.azure.com",
        "https://evil.com%2f.openai.azure.com",
        "https://evilopenai.azure.com",
        "https://openai.azure.com",
        "https://.openai.azure.com",
        "https://x..openai.azure.com",
        "https://-x.openai.azure.com",
        "https://x_y.openai.azure.com",
        "https://x.openai.azure.com.",
        "https://x.op\u0435nai.azure.com",  # a Cyrillic e
        "https://x.openai\u3002azure.com",  # an ideographic full stop
        "https://x.openai.azure.com:22",
        "https://x.openai.azure.com:0",
        "https://x.openai.azure.com:99999",
        "https://x.openai.azure.com:port",
        "http://x.openai.azure.com",
        "file:///etc/passwd",
        "ftp://x.openai.azure.com",
        "javascript:alert(1)",
        "//x.openai.azure.com",
        "x.openai.azure.com",
        "https://",
        "",
        "https://x.openai.azure.com/../evil",
        "https://x.openai.azure.com/models",
        "https://x.openai.azure.com/api/projects/p",
        "https://x.openai.azure.com/?api-version=2024-10-21&key=1",
        "https://x.openai.azure.com/?api-version=2024-10-21\r\nHost: evil",
        "https://x.openai\t.azure.com",
        "https://x openai.azure.com",
        "https://portal.azure.com/#@contoso/resource/subscriptions/1/resourceGroups/g/overview",
        "https://ai.azure.com/resource/overview",
        "https://oai.azure.com/",
    ],
)
def test_no_trick_gets_an_address_on_the_list(hostile: str) -> None:
    with pytest.raises(AddressRefused) as refused:
        rules().read(hostile)
    assert "https://NAME.openai.azure.com" in refused.value.remedy


def test_a_look_alike_is_called_one() -> None:
    with pytest.raises(AddressRefused, match="only look like"):
        rules().read("https://contoso.op\u0435nai.azure.com")


@settings(deadline=None)
@given(st.text(max_size=60), st.sampled_from(["https://", "http://", "https://x.openai.azure.com", ""]))
def test_whatever_is_pasted_is_refused_or_leads_to_a_listed_host(text: str, before: str) -> None:
    try:
        address = rules(on_loopback=False).read(before + text)
    except AddressRefused:
        return
    assert address.url.startswith("https://")
    assert address.host.endswith(PUBLIC.endpoint_suffixes)


def test_plain_http_to_loopback_ends_when_the_app_leaves_loopback() -> None:
    with pytest.raises(AddressRefused, match="only while the app itself is on loopback"):
        rules(on_loopback=False).read("http://127.0.0.1:8501/emulator/resources/contoso-sweden")


@pytest.mark.parametrize("own", [PUBLIC, US_GOVERNMENT, CHINA])
@pytest.mark.parametrize("other", [PUBLIC, US_GOVERNMENT, CHINA])
def test_an_endpoint_of_another_cloud_is_refused_with_both_names(own: Cloud, other: Cloud) -> None:
    address = f"https://contoso{other.endpoint_suffixes[0]}"
    if own is other:
        assert rules(cloud=own).read(address).url == address
        return
    with pytest.raises(AddressRefused) as refused:
        rules(cloud=own).read(address)
    assert own.name in refused.value.what
    assert other.name in refused.value.what
    assert own.authority_host in refused.value.what
    assert f"KEYLESS_CLOUD={other.name}" in refused.value.remedy


@pytest.mark.parametrize(
    ("allowed", "address"),
    [
        ("gateway.contoso.example", "https://gateway.contoso.example/azure/openai/v1"),
        ("gateway.contoso.example:8443", "https://gateway.contoso.example:8443/azure/"),
        ("localhost:8443", "https://localhost:8443/azure"),
    ],
)
def test_a_host_of_ones_own_is_accepted_by_name_and_port(allowed: str, address: str) -> None:
    assert rules(allowed).read(address).url == f"https://{allowed}/azure"


@pytest.mark.parametrize(
    "address",
    [
        "https://gateway.contoso.example:8443/azure",
        "https://x.gateway.contoso.example/azure",
        "http://gateway.contoso.example/azure",
        "https://gateway.contoso.example/a/../b",
    ],
)
def test_a_host_of_ones_own_is_that_host_over_https_only(address: str) -> None:
    with pytest.raises(AddressRefused):
        rules("gateway.contoso.example").read(address)


def test_every_cloud_has_a_form_to_name() -> None:
    for cloud in CLOUDS.values():
        with pytest.raises(AddressRefused) as refused:
            rules(cloud=cloud).read("nonsense")
        assert f"https://NAME{cloud.endpoint_suffixes[0]}" in refused.value.remedy
