"""Every address of the pages."""

from starlette.routing import Route

from tests.fakes.github.pages import apps, code, deliveries, issues, runs

REPOSITORY = "/{owner}/{name}"

ROUTES = [
    Route("/", code.home),
    Route("/style.css", code.style),
    Route("/deliveries", deliveries.delivery_log),
    Route("/deliveries/{number:int}", deliveries.show_delivery),
    Route("/deliveries/{number:int}/attempts", deliveries.redeliver, methods=["POST"]),
    Route("/settings/apps/new", apps.new_app, methods=["POST"]),
    Route("/organizations/{owner}/settings/apps/new", apps.new_app, methods=["POST"]),
    Route("/apps/create", apps.create_app, methods=["POST"]),
    Route("/apps/{slug}", apps.show_app),
    Route("/apps/{slug}/installations/new", apps.choose_account),
    Route("/apps/{slug}/installations", apps.install, methods=["POST"]),
    Route("/{owner}", code.owner),
    Route(REPOSITORY, code.repository),
    Route(REPOSITORY + "/commit/{sha}", code.commit),
    Route(REPOSITORY + "/tree/{ref:path}", code.tree),
    Route(REPOSITORY + "/releases/tag/{ref:path}", code.tree),
    Route(REPOSITORY + "/settings/{page:path}", code.settings),
    Route("/organizations/{owner}/settings/{page:path}", code.settings),
    Route(REPOSITORY + "/blob/{ref}/{path:path}", code.file),
    Route(REPOSITORY + "/runs/{number:int}", runs.check_run),
    Route(REPOSITORY + "/runs/{number:int}/rerequest", runs.rerequest, methods=["POST"]),
    Route(REPOSITORY + "/runs/{number:int}/press/{identifier}", runs.press, methods=["POST"]),
    Route(REPOSITORY + "/actions/runs/{number:int}", runs.workflow_run),
    Route(REPOSITORY + "/issues", issues.list_issues),
    Route(REPOSITORY + "/pulls", issues.list_pull_requests),
    Route(REPOSITORY + "/issues/{number:int}", issues.show_issue),
    Route(REPOSITORY + "/pull/{number:int}", issues.show_issue),
]
