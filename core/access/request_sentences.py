"""What is asked for in a message ready to send: one sentence or two by cause, addressed to whoever can mend it."""

from __future__ import annotations

from typing import Final

_ROLE: Final = (
    "Please give {name} the role “{role}” on the resource {resource}. Keyless calls it with that identity; no key is "
    "used. It can take five minutes to start working. Owner and Contributor do not contain it."
)
_REQUEST: Final = (
    "The deployment {deployment} on {resource} does not take what the app sends. Please check its operations and the "
    "endpoint's api version in the app's catalogue."
)

SENTENCES: Final = {
    "role-missing": _ROLE,
    "role-missing-foundry": _ROLE,
    "role-spreading": "The role “{role}” on the resource {resource} was given to {name}, and it does not work yet. "
    "Please check that it was given to this object id and on this resource.",
    "firewall": "Please add the outgoing address of the app to the network rules of the resource {resource}. Whoever "
    "runs the app finds it among the properties of its host, as outbound IP address.",
    "private-endpoint": "The resource {resource} answers in its private network only. Please run the app in that "
    "network, or set up a private endpoint for it.",
    "vnet-wrong-host": "The resource {resource} wants to be called by its own host name. Please put that name into "
    "the app's catalogue as the endpoint's address.",
    "key-auth-disabled": "Something between the app and the resource {resource} sends a key, and the resource takes "
    "none. Please check the gateway: the app sends Entra tokens only.",
    "access-blocked": "The resource {resource} does not let the app in. Please check its network rules and policies.",
    "suspended": "The resource {resource} is suspended. Please ask Azure's support why, and what lifts it.",
    "wrong-tenant": "The resource {resource} belongs to another directory than the sign-in of {name}. Please find "
    "out which tenant it belongs to, and set it as the endpoint's tenant in the app's catalogue.",
    "wrong-audience": "The resource {resource} wants tokens for another audience. Please correct the endpoint's "
    "scope in the app's catalogue.",
    "token-refused": "The resource {resource} refuses the token of {name}. Please check the endpoint's scope and "
    "tenant in the app's catalogue, and the clock of the server.",
    "token-unusable": "The access token of {name} cannot be sent. Please check the credential behind it.",
    "no-token": "The app gets no access token for {name}. Please look for the reference in the app's log.",
    "deployment-missing": "The resource {resource} has no deployment {deployment}. Please check the name in the "
    "app's catalogue, or create the deployment.",
    "operation-not-supported": "The deployment {deployment} on {resource} does not take the operations that the "
    "app's catalogue names. Please correct them there.",
    "parameter-refused": _REQUEST,
    "request-refused": _REQUEST,
    "content-filter": "The content filter of the deployment {deployment} on {resource} stands in the way of {name}. "
    "Please check that its settings fit the work.",
    "quota": "The quota of the deployment {deployment} on {resource} is used up again and again. Please check "
    "whether it can be raised.",
    "estimate": "A minute of the deployment {deployment} on {resource} holds less than one prompt asks for. Please "
    "check whether its quota can be raised.",
    "capacity": "The service has no capacity left for the deployment {deployment} on {resource} again and again. "
    "Please check whether another region, or provisioned throughput, would help.",
    "reduction": "The service keeps lowering the limit of the deployment {deployment} on {resource}. Please ask "
    "Azure's support why.",
    "service-failed": "The deployment {deployment} on {resource} fails again and again with an error of its own. "
    "Please check Azure's service health, or ask its support.",
    "timed-out": "The deployment {deployment} on {resource} does not answer in time. Please check the way there from "
    "the app's network, and how busy it is.",
    "name-not-resolved": "The name of the resource {resource} is not known in the app's network. Please check the "
    "endpoint's address, DNS, and a private endpoint's DNS zone.",
    "tls-intercepted": "The certificate at the address of {resource} comes from an authority that the app's server "
    "does not know. If a proxy inspects TLS, please name its authority in SSL_CERT_FILE, or let the app pass it.",
    "certificate-expired": "The certificate at the address of {resource} has expired. Please check the clock of the "
    "app's server, and who answers at that address.",
    "certificate-name": "The certificate at the address of {resource} belongs to another name. Please check the "
    "endpoint's address in the app's catalogue, and any proxy before it.",
    "proxy": "A proxy between the app and the resource {resource} asks for a sign-in. Please let the app pass it.",
    "unreachable": "The resource {resource} cannot be reached from the app's network. Please check the way there.",
    "unexpected-reply": "Something else answers at the address of the resource {resource}. Please check the "
    "endpoint's address in the app's catalogue, and any proxy or gateway before it.",
    "clock-skew": "The clock of the server that runs the app is wrong, so tokens are refused. Please let it set its "
    "clock by the network (NTP).",
    "consent-missing": "Please grant admin consent to the app for the directory, so that {name} can use it.",
    "not-assigned": "Please assign {name}, or a group of theirs, to the app in Entra.",
    "account-disabled": "Please enable the account of {name}.",
    "interaction-required": "The directory's Conditional Access asks more of {name} than they can give here. Please "
    "look into the sign-in log, and say from which device and network it works.",
    "sign-in-refused": "Entra refuses the sign-in of {name}. Please look into the sign-in log.",
    "service-principal-secret-wrong": "The app cannot prove itself to Entra: its client secret is wrong. Please set "
    "the secret's value from the app registration, or better: let the app use a managed identity.",
    "service-principal-secret-expired": "The app cannot prove itself to Entra: its client secret has expired. Please "
    "make a new one in the app registration, or better: let the app use a managed identity.",
    "service-principal-certificate-unusable": "The app cannot use the certificate of its service principal. Please "
    "check the file that AZURE_CLIENT_CERTIFICATE_PATH names.",
    "workload-token-missing": "The app cannot read the token of its workload identity. Please check the file that "
    "AZURE_FEDERATED_TOKEN_FILE names.",
    "app-credential-refused": "The app cannot prove itself to Entra. Please renew its own credential in the app "
    "registration.",
    "app-unknown": "The directory does not know the app. Please check client id and tenant against the app "
    "registration.",
    "app-registration": "The app's registration in Entra does not fit its settings. Please check client id, tenant, "
    "redirect URI, scope and permissions.",
    "managed-identity-absent": "The host of the app gives it no managed identity. Please assign one, or correct its "
    "client id in the app's settings.",
    "no-credential": "The app has no identity that answers. Please give it a managed identity.",
    "identity-provider-down": "Entra does not answer the app. Please check the way there from the app's network.",
}
"""By cause. What only the person can do, such as signing in, is nothing to ask anybody for."""
