/* Example policies and requests for the playground; each answers a common question. The playground also offers the
 * scenarios of the walk-through, with the policy of the walk-through.
 *
 * words    what to look at
 * policy   options; PAGE stands for this page's origin
 * request  the fields of the form that are not at their default
 */

export const PAGE = "this page's origin";

const JSON_TYPE = ["Content-Type", "application/json"];

export const EXAMPLES = [
  {
    name: "allowed",
    title: "A request that is allowed",
    words: "The page’s origin is on the list. The answer says so in Access-Control-Allow-Origin.",
    policy: { allow_origins: [PAGE] },
    request: {},
  },
  {
    name: "not-listed",
    title: "“No 'Access-Control-Allow-Origin' header”: an origin that is not listed",
    words: "The policy allows other origins. The server answers the request anyway; the browser hides the answer.",
    policy: { allow_origins: ["https://app.example.com", "https://*.example.org"] },
    request: {},
  },
  {
    name: "slash",
    title: "Origins that are written wrongly",
    words: "A slash at the end, an upper-case letter, no scheme: the policy reports them before anyone is blocked.",
    policy: { allow_origins: ["https://app.example.com/", "https://App.example.com", "www.example.com"] },
    request: {},
  },
  {
    name: "json",
    title: "“Request header field content-type is not allowed”: JSON",
    words: "For JSON the browser asks first, and the policy does not allow Content-Type. Add it to allow_headers.",
    policy: { allow_origins: [PAGE] },
    request: { method: "POST", path: "/orders", headers: [JSON_TYPE], body: '{"item": "tea"}' },
  },
  {
    name: "method",
    title: "“Method PUT is not allowed”",
    words: "GET, HEAD and POST need not be listed; every other method must be.",
    policy: { allow_origins: [PAGE], allow_headers: ["Content-Type"] },
    request: { method: "PUT", path: "/orders/7", headers: [JSON_TYPE], body: '{"cups": 3}' },
  },
  {
    name: "wildcard-cookies",
    title: "“must not be the wildcard '*'”: any origin, with cookies",
    words: "The script sends cookies. The policy must then name the origin instead of *, and set allow_credentials.",
    policy: { allow_origins: ["*"] },
    request: { path: "/session", credentials: "include" },
  },
  {
    name: "hidden",
    title: "A header that the script cannot read",
    words: "The server sends X-Request-Cost and X-Internal-Node. Only the first is exposed.",
    policy: { allow_origins: [PAGE], expose_headers: ["X-Request-Cost"] },
    request: { path: "/cost" },
  },
  {
    name: "authorization",
    title: "* and Authorization: browsers differ from the standard",
    words: "In the standard, * does not cover Authorization; today all browsers let it through.",
    policy: { allow_origins: [PAGE], allow_headers: ["*"] },
    request: { path: "/account", headers: [["Authorization", "Bearer demo-token"]] },
  },
  {
    name: "redirect",
    title: "A redirect to another server",
    words: "After a redirect from one foreign origin to another, the browser hides who is asking: Origin is null.",
    policy: { allow_origins: [PAGE] },
    request: { path: "/redirect/307/there" },
  },
  {
    name: "sandbox",
    title: "A sandboxed page",
    words: "Its origin is null, and any site can make such a page, so do not allow null for anything that matters.",
    policy: { allow_origins: [PAGE] },
    request: { sender: "sandbox" },
  },
  {
    name: "enforce",
    title: "Refuse other origins instead of hiding answers",
    words: "With enforce, the application does not even see the request.",
    policy: { allow_origins: [PAGE], enforce: true },
    request: { sender: "stranger" },
  },
  {
    name: "no-cors",
    title: "mode: no-cors does not get around CORS",
    words: "The error is gone, but the script cannot read anything either.",
    policy: { allow_origins: ["https://app.example.com"] },
    request: { mode: "no-cors" },
  },
  {
    name: "patch",
    title: "patch is not PATCH",
    words: "Browsers change six methods to upper case; PATCH is not one of them.",
    policy: { allow_origins: [PAGE], allow_methods: ["PATCH"] },
    request: { method: "patch", path: "/echo", frontEnd: "handler" },
  },
];
