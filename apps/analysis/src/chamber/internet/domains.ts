/** Which names could exist on the internet. */

const countries =
  "ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bw by bz ca cc cd " +
  "cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et eu fi fj fk fm fo fr ga gb gd " +
  "ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir is it je jm jo jp ke kg " +
  "kh ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mg mh mk ml mm mn mo mp mq mr ms mt mu mv " +
  "mw mx my mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw sa " +
  "sb sc sd se sg sh si sk sl sm sn so sr ss st su sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv tw tz ua ug " +
  "uk us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw";
const generic =
  "com net org info biz edu gov mil int arpa name pro mobi aero coop museum jobs travel tel cat post asia xxx app dev " +
  "page cloud online site website web space tech store shop xyz top club vip icu buzz live life world today news blog " +
  "media studio agency company email support host hosting network systems software solutions services digital global " +
  "group team work works zone center one fun run link click download stream video games game bid win loan men party " +
  "review trade date science cricket racing webcam accountant faith rest bar pub beer pizza cafe art design photo " +
  "photos gallery moe wiki ninja guru rocks social chat community foundation academy school university training " +
  "google goog amazon aws microsoft azure apple android youtube berlin london paris tokyo nyc wien swiss bank " +
  "finance money cash credit capital fund exchange trading market markets ltd llc gmbh inc sbs cfd cyou lol mom " +
  "monster quest skin hair beauty autos boats homes bond hosting zip mov foo bot codes engineer build tools ist " +
  "security protection storage observer energy health care clinic dental doctor fit fyi ooo pics pink red blue green " +
  "black kim wang ren xin law legal new how soy here ads cam dad phd prof day eus";

/** Names that nobody can own (RFC 2606): those of the user's own network, and of our own test programs. */
const reserved = "example test";

const topLevel = new Set(`${countries} ${generic} ${reserved}`.split(" "));
/** Outside of the top-level domains, but answered in the networks that have them. */
const special = new Set(["metadata.google.internal"]);

/** A name of two or more labels under a top-level domain that there is. */
export function existsPublicly(name: string): boolean {
  if (special.has(name)) return true;
  const labels = name.split(".");
  const top = labels[labels.length - 1]!;
  if (labels.length < 2 || top === "arpa") return false;
  return (
    (topLevel.has(top) || top.startsWith("xn--")) &&
    labels.every((label) => /^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?$/.test(label))
  );
}
