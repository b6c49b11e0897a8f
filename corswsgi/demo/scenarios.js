/* The requests of the walk-through, and the result that each should have; walk-through.js runs and shows them.
 *
 * from    who sends it, if not the page: "stranger", a frame of another origin; "sandbox", a frame whose origin is null
 * first   a request sent before it, to the same front end
 * reads   response headers that the script asks for
 * expect  outcome, and if that is readable: status, body (parsed), headers (null: hidden);
 *         saw: every exchange on the wire, as its method and the status of its answer
 */

const JSON_TYPE = { "Content-Type": "application/json" };

export const GROUPS = [
  {
    title: "Requests that the policy allows",
    words: "The page's origin is on the list, and so is everything it asks for.",
    scenarios: [
      {
        name: "simple-get",
        title: "Read something with GET",
        words: "The simplest request. The browser sends it at once, and checks the answer before your script may read it.",
        path: "/status",
        init: {},
        expect: { outcome: "readable", status: 200, body: { status: "OK" }, saw: ["GET 200"] },
        lesson:
          "The answer names this page's origin in Access-Control-Allow-Origin. That one line makes it readable.",
      },
      {
        name: "json-post",
        title: "Send JSON with POST",
        words: "A form on any site can send a POST, but not with the type JSON. So the browser asks the server first.",
        path: "/orders",
        init: { method: "POST", headers: JSON_TYPE, body: '{"item": "tea", "cups": 2}' },
        expect: {
          outcome: "readable",
          status: 201,
          body: { ordered: { item: "tea", cups: 2 } },
          saw: ["OPTIONS 204", "POST 201"],
        },
        lesson:
          "That question is the preflight: an OPTIONS request that your code never sees. Its answer lists Content-Type, so the POST follows.",
      },
      {
        name: "put",
        title: "Change something with PUT",
        words: "Forms cannot send PUT, so the browser asks first, even without a body.",
        path: "/orders/7",
        init: { method: "PUT", headers: JSON_TYPE, body: '{"cups": 3}' },
        expect: { outcome: "readable", status: 200, body: { saved: true }, saw: ["OPTIONS 204", "PUT 200"] },
        lesson: "PUT is in allow_methods. GET, HEAD and POST never need to be listed; every other method does.",
      },
      {
        name: "custom-header",
        title: "Send a custom header",
        words: "A GET with an API key. The header, not the method, makes the browser ask first.",
        path: "/key",
        init: { headers: { "X-Api-Key": "k-123" } },
        expect: { outcome: "readable", status: 200, body: { key: "k-123" }, saw: ["OPTIONS 204", "GET 200"] },
        lesson: "X-Api-Key is in allow_headers. Header names are the same in upper and lower case.",
      },
      {
        name: "bearer-token",
        title: "Send a Bearer token",
        words: "The script has a token and sends it itself. No cookies are involved, so it sets credentials: omit.",
        path: "/account",
        init: { credentials: "omit", headers: { Authorization: "Bearer demo-token" } },
        expect: { outcome: "readable", status: 200, body: { account: "ada" }, saw: ["OPTIONS 204", "GET 200"] },
        lesson:
          "To the browser, Authorization is a header like any custom header: it must be in allow_headers, and in the standard even “*” does not cover it.",
      },
      {
        name: "cookie",
        title: "Send a cookie",
        words: "First the script signs in and gets a cookie. Then it asks who it is. Both requests set credentials: include.",
        first: { path: "/session", init: { method: "POST", credentials: "include" } },
        path: "/session",
        init: { credentials: "include" },
        expect: { outcome: "readable", status: 200, body: { cookie: "ada" }, saw: ["POST 200", "GET 200"] },
        lesson:
          "The answer has Access-Control-Allow-Credentials: true, because the policy sets allow_credentials, and it names the origin: “*” is not enough with credentials.",
      },
      {
        name: "no-cookie",
        title: "Leave the cookie out",
        words: "The same again, but the second request sets credentials: omit.",
        first: { path: "/session", init: { method: "POST", credentials: "include" } },
        path: "/session",
        init: { credentials: "omit" },
        expect: { outcome: "readable", status: 200, body: { cookie: null }, saw: ["POST 200", "GET 200"] },
        lesson:
          "The browser has the cookie and does not send it. To other origins it sends cookies only if the script says include.",
      },
      {
        name: "exposed-header",
        title: "Read a header that is exposed",
        words: "The answer has a custom header, X-Request-Cost. The script asks for it.",
        path: "/cost",
        init: {},
        reads: ["X-Request-Cost"],
        expect: {
          outcome: "readable",
          status: 200,
          body: { rows: 3 },
          headers: { "X-Request-Cost": "3" },
          saw: ["GET 200"],
        },
        lesson: "X-Request-Cost is in expose_headers, so the answer lists it in Access-Control-Expose-Headers.",
      },
      {
        name: "hidden-header",
        title: "Read a header that is not exposed",
        words: "The same answer also has the header X-Internal-Node. The script asks for that one.",
        path: "/cost",
        init: {},
        reads: ["X-Internal-Node"],
        expect: {
          outcome: "readable",
          status: 200,
          body: { rows: 3 },
          headers: { "X-Internal-Node": null },
          saw: ["GET 200"],
        },
        lesson:
          "The header arrived, as you can see in the exchange, but the browser hides it from the script: only a few standard headers are readable without being listed.",
      },
      {
        name: "error-500",
        title: "Read an error",
        words: "The API has a bug and crashes. Does the script see that, or only a “CORS error”?",
        path: "/crash",
        init: {},
        expect: { outcome: "readable", status: 500, saw: ["GET 500"] },
        lesson:
          "Errors get the same headers as successes, so the script can read the 500. Without them, it would look like a CORS problem.",
      },
    ],
  },
  {
    title: "Requests that the policy refuses",
    words: "The page's origin is on the list, but what it asks for is not. The browser learns that before it sends the request.",
    scenarios: [
      {
        name: "refused-method",
        title: "Delete something",
        words: "The API can handle DELETE, but the policy does not list it.",
        path: "/orders/7",
        init: { method: "DELETE" },
        expect: { outcome: "blocked", saw: ["OPTIONS 204"] },
        lesson:
          "The answer to the preflight lists all allowed methods. DELETE is not one of them, so the browser never sent it: nothing was deleted.",
      },
      {
        name: "refused-header",
        title: "Send a header that is not listed",
        words: "A GET with X-Debug, which the policy does not mention.",
        path: "/status",
        init: { headers: { "X-Debug": "1" } },
        expect: { outcome: "blocked", saw: ["OPTIONS 204"] },
        lesson:
          "X-Debug is not in allow_headers. The browser's console says so; the script learns only that the request failed.",
      },
    ],
  },
  {
    title: "Requests from other origins",
    words:
      "These come from frames on this page. To the browser they are other origins, although the machine and the server are the same.",
    scenarios: [
      {
        name: "stranger-get",
        title: "Another origin reads with GET",
        words: "A frame loaded under another name of this machine sends the first request above.",
        from: "stranger",
        path: "/status",
        init: {},
        expect: { outcome: "blocked", saw: ["GET 200"] },
        lesson:
          "The request reached the server and was answered, but the answer does not name the frame's origin, so the script may not read it. CORS decides who may read answers; it does not stop requests like this one.",
      },
      {
        name: "stranger-post",
        title: "Another origin sends JSON",
        words: "The same frame tries to place an order.",
        from: "stranger",
        path: "/orders",
        init: { method: "POST", headers: JSON_TYPE, body: '{"item": "tea", "cups": 999}' },
        expect: { outcome: "blocked", saw: ["OPTIONS 403"] },
        lesson:
          "The preflight was refused, so the POST was never sent. CORS does stop requests for which the browser has to ask first.",
      },
      {
        name: "sandboxed-get",
        title: "A sandboxed frame reads with GET",
        words: "A frame with the attribute sandbox has no origin of its own. The browser sends Origin: null.",
        from: "sandbox",
        path: "/status",
        init: {},
        expect: { outcome: "blocked", saw: ["GET 200"] },
        lesson: "null is not on the list, and should not be: any site can make a frame with that origin.",
      },
    ],
  },
];
