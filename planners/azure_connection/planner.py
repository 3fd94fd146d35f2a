"""Azure Pipelines with a service connection that holds a secret (recipe AZ-07): workload identity federation.

A second connection without a secret stands beside the first, and the application trusts it: issuer and subject are
what the connection says of itself, since their form differs from organisation to organisation
(https://learn.microsoft.com/azure/devops/pipelines/release/configure-workload-identity).  The pipelines that are seen
name the second one; who else names the first only Azure DevOps can tell, so its end is left to people.
"""

from __future__ import annotations

import re

from rolecall.model.parts import Store
from rolecall.planners.azure_connection.connection import TYPE, Connection, connection_at, second
from rolecall.planners.azure_connection.scripted import scripted_steps
from rolecall.planning.case import Case, Use
from rolecall.planning.edits.line_edit import Refused
from rolecall.planning.endings.succession import succeeded
from rolecall.planning.migration import Edit, Handover
from rolecall.planning.move import Move
from rolecall.planning.principals.azure_application import application_of
from rolecall.planning.verdicts.advising import revocation, steps_to
from rolecall.source.text import Span

RECIPES = ("AZ-07",)
CLOUD = "azure"
PLATFORMS = ("azure-pipelines",)

TARGET = "azure:federated-credential"
#: What a script is given by `addSpnToEnvironment`, and tasks of releases before workload identity federation
#: (https://learn.microsoft.com/azure/devops/pipelines/tasks/reference/azure-cli-v2, TerraformTaskV4's notes).
_NEEDS_SECRET = re.compile(r"(?i)servicePrincipalKey|TerraformTaskV[1-3]@|TerraformTask@[1-3]\b|TerraformCLI@0\b")
#: A step's input that is the name of a connection and nothing else.
_NAMED = re.compile(rb"""[\w.-]+:\s*(?P<quote>['"]?)(?P<name>[^'"$\n]+?)(?P=quote)\s*""")


class _ByVariables(Refused):
    """The secret is given to the pipeline by its variables."""


def plan(case: Case, use: Use) -> Move:
    """The pipeline takes the connection without a secret."""
    move = Move(TARGET, unseen=True)
    try:
        connection = _connection(case, use)
        move.reuses = connection.successor if succeeded(case, _store(case, use).site) else ""
        if not move.reuses:
            _beside(case, move, connection)
        if case.credential.form != "minted":
            _trust_by_hand(move, connection)
        _pipeline(case, use, move, connection)
    except _ByVariables as refused:
        for step in scripted_steps(case, use):
            move.hold(refused.reason, step)
        return move
    except Refused as refused:
        move.hold(refused.reason)
        for step in steps_to(case, TARGET):
            move.hold(refused.reason, step)
    if not move.complete and case.credential.form != "minted":
        move.hold(move.reasons[0], revocation(case))
    move.verify["migrate"].append("the sign-in log of service principals shows a federatedCredentialId for the run")
    return move


def _store(case: Case, use: Use) -> Store:
    """The connection as the model has it, by which the secret reaches the pipeline."""
    found = {
        store.id: store
        for consumption in use.consumptions
        for step in consumption.steps
        if (store := case.model.stores.get(step.holder)) is not None and store.kind == "service-connection"
    }
    if not found and use.workload.site.format == "azure-pipelines":
        raise _ByVariables("the secret is in the pipeline's variables, and no service connection takes its place yet")
    if len(found) != 1:
        raise Refused(
            "the secret reaches the pipeline in another way than by a service connection"
            if not found
            else "the secret reaches the pipeline by several connections"
        )
    return next(iter(found.values()))


def _connection(case: Case, use: Use) -> Connection:
    store = _store(case, use)
    if store.site.module != case.folder:
        raise Refused(f"{store.site.address} is in another module than the application")
    if store.site.calls:
        raise Refused(f"{store.site.address} is in a module that others call")
    name = store.name if "${" not in store.name else ""
    return connection_at(case, case.context.block(store.site.span), name)


def _beside(case: Case, move: Move, connection: Connection) -> None:
    """The second connection, and the application's trust in it where that is in the code."""
    argument = ""
    if case.credential.form == "minted":
        argument = application_of(case).argument
        move.permissions.append("Application.ReadWrite.OwnedBy")
    move.add("expand", second(case, connection, argument))
    move.permissions.append("Azure DevOps: administrator of the project's service connections")
    move.verify["expand"].append(
        f"Azure DevOps lists {connection.successor or 'the new connection'} with workload identity federation, and "
        "“Verify” succeeds on it"
    )
    move.needs["expand"].append("the provider azuredevops is 1.0 or newer, which knows workload identity federation")


def _trust_by_hand(move: Move, connection: Connection) -> None:
    """What the owner of an application does that is not in the code."""
    new = f"{TYPE}.{connection.label}"
    move.hold(
        "the application of the secret is not in the code, so its trust in the new connection is given by hand",
        Handover(
            f"let the application trust the connection: issuer and subject are what {new} says after phase expand "
            "(workload_identity_federation_issuer, workload_identity_federation_subject), audience "
            "api://AzureADTokenExchange",
            connection.address,
            "the owner of the application",
            f"terraform state show '{new}'; az ad app federated-credential create --id CLIENT_ID --parameters "
            '\'{"name":"azure-devops","issuer":"ISSUER","subject":"SUBJECT","audiences":["api://AzureADTokenExchange"]}\'',
            "“Verify” succeeds on the connection",
        ),
    )


def _pipeline(case: Case, use: Use, move: Move, connection: Connection) -> None:
    """The pipeline names the second connection."""
    name = connection.name or connection.address
    successor = connection.successor if connection.name else f"{TYPE}.{connection.label}"
    move.others = f"only Azure DevOps knows all pipelines and releases that use the connection {name}"
    move.handover.append(
        Handover(
            f"see which other pipelines and releases use {name} (Project settings, Service connections, Usage "
            f"history), let them use {successor}, then take {connection.address} out with its permits and checks, and "
            "the secret",
            connection.address,
            "the administrator of the project",
            'az devops service-endpoint list --project PROJECT --query "[].{id:id,name:name}"',
            "its usage history shows no run since",
        )
    )
    if use.workload.site.format != "azure-pipelines":
        move.hold(
            f"no pipeline that uses {name} is seen",
            Handover(
                f"let the pipelines name {successor} in the place of {name} (azureSubscription and its like)",
                connection.address,
                "the owners of the pipelines",
                check="a run of each succeeds",
            ),
        )
        return
    edits = [_named(case, place, connection) for place in use.places if place.path != connection.block.text.path]
    for path in {edit.path for edit in edits}:
        if match := _NEEDS_SECRET.search(case.context.text(path).data.decode("utf-8", "replace")):
            raise Refused(f"{path} needs the secret itself ({match[0].rstrip('@')})")
    move.add("migrate", edits)
    move.needs["migrate"].append(
        f"the pipeline may use {successor}: the code gives it the permits of the old one, and those that were given in "
        "Azure DevOps alone are asked for at its next run"
    )


def _named(case: Case, place: Span, connection: Connection) -> Edit:
    """The name of the connection in a pipeline's step, where it is written as such."""
    source = case.context.text(place.path)
    match = _NAMED.fullmatch(source.data[place.start : place.end])
    if not connection.name or match is None or match["name"].decode("utf-8", "replace") != connection.name:
        raise Refused(f"{place} does not name the connection in plain text")
    start = place.start + match.start("name")
    return Edit(place.path, start, place.start + match.end("name"), connection.successor)
