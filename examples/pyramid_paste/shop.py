"""A Pyramid application behind a login, which PasteDeploy serves: see development.ini."""

from pyramid.authentication import AuthTktCookieHelper
from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPNotFound
from pyramid.security import Allowed, Denied, remember

PRICES = {"tea": 7, "coffee": 9}


class CookiePolicy:
    """Who is asking, as a signed cookie says; anyone who has one may change prices."""

    def __init__(self, secret):
        self.helper = AuthTktCookieHelper(secret, secure=True, samesite="None")  # None: pages of other sites send it

    def authenticated_userid(self, request):
        return (self.helper.identify(request) or {}).get("userid")

    def permits(self, request, context, permission):
        return Allowed("logged in") if self.authenticated_userid(request) else Denied("not logged in")

    def remember(self, request, userid, **kw):
        return self.helper.remember(request, userid, **kw)

    def forget(self, request, **kw):
        return self.helper.forget(request, **kw)


def log_in(request):
    request.response.headerlist.extend(remember(request, "ada"))
    return {"user": "ada"}


def show_prices(request):
    return PRICES


def change_price(request):
    if (name := request.matchdict["name"]) not in PRICES:
        raise HTTPNotFound()
    PRICES[name] = request.json_body["price"]  # a KeyError becomes a 500, which an allowed page can read too
    return PRICES


def tell_error(error, request):
    request.response.status = error.status
    return {"error": error.title}


def main(global_config, **settings):
    """Return the application; ``use = call:shop:main`` in development.ini calls it."""
    with Configurator(settings=settings) as config:
        config.set_security_policy(CookiePolicy(settings["secret"]))
        for name, pattern in (("login", "/login"), ("prices", "/prices"), ("price", "/prices/{name}")):
            config.add_route(name, pattern)
        config.add_view(log_in, route_name="login", renderer="json", request_method="POST")
        config.add_view(show_prices, route_name="prices", renderer="json")
        config.add_view(change_price, route_name="price", renderer="json", request_method="PUT", permission="change")
        config.add_notfound_view(tell_error, renderer="json")
        config.add_forbidden_view(tell_error, renderer="json")
        return config.make_wsgi_app()
