/* Ready-made policies and requests for the playground: each a question that people have. The scenarios of the
 * walk-through are offered beside them, under its policy.
 *
 * words    what one should look at
 * policy   options; PAGE stands for this page's origin
 * request  what the form holds beside what it holds by default
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
    words: "The policy allows another page. The request is answered all the same; the browser hides the answer.",
    policy: { allow_origins: ["https://app.example.com", "https://*.example.org"] },
    request: {},
  },
  {
    name: "slash",
    title: "An origin that is written wrongly",
    words: "A slash at the end, an upper-case letter, no scheme: a policy says so before anybody is blocked.",
    policy: { allow_origins: ["https://app.example.com/", "https://App.example.com", "www.example.com"] },
    request: {},
  },
  {
    name: "json",
    title: "“Request header field content-type is not allowed”: JSON",
    words: "JSON makes the browser ask first, and the policy does not allow Content-Type. Add it on the left.",
    policy: { allow_origins: [PAGE] },
    request: { method: "POST", path: "/orders", headers: [JSON_TYPE], body: '{"item": "tea"}' },
  },
  {
    name: "method",
    title: "“Method PUT is not allowed”",
    words: "GET, HEAD and POST need no listing, all others do.",
    policy: { allow_origins: [PAGE], allow_headers: ["Content-Type"] },
    request: { method: "PUT", path: "/orders/7", headers: [JSON_TYPE], body: '{"cups": 3}' },
  },
  {
    name: "wildcard-cookies",
    title: "“must not be the wildcard '*'”: everybody, and cookies",
    words: "The script wants cookies sent along. For that, * is not enough, and allow_credentials is needed.",
    policy: { allow_origins: ["*"] },
    request: { path: "/session", credentials: "include" },
  },
  {
    name: "hidden",
    title: "A header that the script cannot read",
    words: "The server sends X-Request-Cost and X-Internal-Node; only the first is exposed.",
    policy: { allow_origins: [PAGE], expose_headers: ["X-Request-Cost"] },
    request: { path: "/cost" },
  },
  {
    name: "authorization",
    title: "* and Authorization: where browsers differ from the standard",
    words: "By the standard * does not cover Authorization; all browsers let it through today.",
    policy: { allow_origins: [PAGE], allow_headers: ["*"] },
    request: { path: "/account", headers: [["Authorization", "Bearer demo-token"]] },
  },
  {
    name: "redirect",
    title: "A redirect to another server",
    words: "After a redirect from one foreign origin to another, the browser no longer says who asks: Origin is null.",
    policy: { allow_origins: [PAGE] },
    request: { path: "/redirect/307/there" },
  },
  {
    name: "sandbox",
    title: "A sandboxed page",
    words: "Its origin is null, and any site can make such a page: do not allow it where anything matters.",
    policy: { allow_origins: [PAGE] },
    request: { sender: "sandbox" },
  },
  {
    name: "enforce",
    title: "Refuse strangers rather than hide answers from them",
    words: "With enforce the application does not even see the request.",
    policy: { allow_origins: [PAGE], enforce: true },
    request: { sender: "stranger" },
  },
  {
    name: "no-cors",
    title: "mode: no-cors, which is no way around",
    words: "No error any more, and nothing to read either.",
    policy: { allow_origins: ["https://app.example.com"] },
    request: { mode: "no-cors" },
  },
  {
    name: "patch",
    title: "patch is not PATCH",
    words: "Browsers write six methods in upper case by themselves; PATCH is not one of them.",
    policy: { allow_origins: [PAGE], allow_methods: ["PATCH"] },
    request: { method: "patch", path: "/echo", frontEnd: "handler" },
  },
];
