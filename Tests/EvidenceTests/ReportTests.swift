import ChildProcess
import Diagnostics
import Digest
import Evidence
import Foundation
import Goldens
import Policy
import Reachability
import Testing

/// The report: its figures are those of the verbs, and nothing of an inventory becomes markup.
@Suite struct ReportTests {
  private static let now = Timestamp(seconds: 1_800_000_000)

  private static func verdicts(_ policy: Policy) -> [GuardVerdict] {
    let names = PeerNames(policy)
    let broken = Set(GuardChecker(policy, at: now).broken().map(\.index))
    return policy.guards.enumerated().map { index, rule in
      GuardVerdict(
        name: rule.name, statement: rule.statement.word, says: rule.statement.sentence(policy, names),
        why: rule.why,
        broken: broken.contains(index) ? "it is" : nil, remedy: nil, shown: nil, place: "i.yaml:1")
    }
  }

  private static func report(_ policy: Policy) throws -> Report {
    let inventory = try InventoryChapters(policy, at: now, verdicts(policy))
    let picture = ReportPicture(policy, at: now)
    let enforcement = Enforcement(meant: inventory.unenforced, told: nil)
    return Report(
      title: "Evidence", identity: [Report.Fact("Inventory", "here")],
      chapters: [
        inventory.summary, inventory.picture(picture), inventory.flows(nil),
        inventory.matrix(enforcement), inventory.guards, inventory.jewels, inventory.reach,
        Clauses.chapter(enforcement), inventory.notCovered([("probes", "none ran")]),
      ], picture: picture)
  }

  private static func rows(_ report: Report, _ chapter: String, _ table: Int = 0) throws -> [[String]] {
    let chapter = try #require(report.chapters.first { $0.id == chapter })
    return chapter.tables[table].rows.map(\.cells)
  }

  // MARK: Figures

  @Test func `flows, guards and reach are what the verbs tell`() throws {
    let policy = try EvidenceFixture.reference()
    let report = try Self.report(policy)
    let list = try AllowedList(policy, at: Self.now)
    #expect(try Self.rows(report, "flows").map { $0[0] } == list.lines.map(\.flow))
    #expect(try Self.rows(report, "flows").map { $0[4] } == list.lines.map(\.why))
    let guards = try Self.rows(report, "guards")
    #expect(guards.map { $0[0] } == policy.guards.map(\.name))
    #expect(guards.allSatisfy { $0[3] == "yes" })
    let every = ReachGraph(policy, at: Self.now).everyReach(hops: InventoryChapters.hops)
    let reach = try Self.rows(report, "reach")
    #expect(reach.count == every.roles.count)
    for role in every.roles {
      let row = reach.first { $0[0] == PeerNames(policy).name(role.hosts) }
      #expect(row.map { Array($0[2...4]) } == role.reached.map { "\($0)" })
    }
  }

  @Test func `who gets to crown jewels is what reach --to tells`() throws {
    let policy = try EvidenceFixture.reference()
    let report = try Self.report(policy)
    let vault = policy.hosts.indices.map { HostID($0) }.filter { policy[$0].zone == "vault" }
    let graph = ReachGraph(policy, at: Self.now, marking: [vault])
    let approach = graph.approach(to: graph.area(of: vault))
    let chapter = try #require(report.chapters.first { $0.id == "crown-jewels" })
    let table = try #require(chapter.tables.first { $0.caption.contains("vault (3 hosts)") })
    for (hop, origins) in approach.origins.enumerated() {
      let inside = table.rows.filter { $0.cells[0] == "\(hop + 1)" && !$0.cells[1].hasSuffix("(outside)") }
      #expect(inside.count == origins.count)
    }
    #expect(approach.origins.joined().count > 2)
    #expect(try Self.rows(report, "crown-jewels", 0).isEmpty, "nobody gets to what is isolated")
  }

  @Test func `the picture's reach is that of reach, box by box`() throws {
    let policy = try EvidenceFixture.reference()
    let picture = ReportPicture(policy, at: Self.now)
    let boxes = Picture(policy, at: Self.now).boxes
    #expect(picture.boxes.count == boxes.count)
    for (box, reached) in zip(boxes, picture.reached) where box.kind == .hosts {
      let graph = ReachGraph(policy, at: Self.now, marking: [box.hosts])
      let reach = graph.reach(from: graph.area(of: box.hosts))
      #expect(reached?.counts == reach.hosts.map(\.count), "\(box.name)")
      #expect(reached?.crowns == reach.crowns.count, "\(box.name)")
    }
  }

  @Test func `whoever is in a dashed box or a network has a reach, too`() throws {
    let policy = try EvidenceFixture.reference()
    let picture = ReportPicture(policy, at: Self.now)
    let graph = ReachGraph(policy, at: Self.now)
    let peers = Dictionary(
      policy.peers.enumerated().map { ($1.name, PeersID($0)) }, uniquingKeysWith: { first, _ in first })
    var seen = 0
    let boxes = Picture(policy, at: Self.now).boxes
    for (box, reached) in zip(boxes, picture.reached) where box.kind == .network {
      let id = try #require(peers[box.name])
      #expect(reached?.counts == graph.reach(from: graph.area(of: id)).hosts.map(\.count), "\(box.name)")
      seen += 1
    }
    // Of a dashed box as near as from the nearest of its roles.
    let marked = ReachGraph(policy, at: Self.now, marking: boxes.map(\.hosts).filter { !$0.isEmpty })
    for (box, reached) in zip(boxes, picture.reached) where box.kind == .selection {
      let reaches = box.parts.map { marked.reach(from: marked.area(of: boxes[$0].hosts)).hosts }
      let distances = policy.hosts.indices.compactMap { host in
        reaches.compactMap { levels in levels.firstIndex { $0.contains(HostID(host)) }.map { $0 + 1 } }.min()
      }
      let counts = (1...(distances.max() ?? 1)).map { hop in distances.count { $0 == hop } }
      #expect(reached?.counts == counts, "\(box.name)")
      seen += 1
    }
    for box in picture.boxes where box.kind == .selection {
      #expect(box.parts.map { picture.boxes[$0].name } == box.members, "\(box.name)")
      #expect(box.parts.count > 1)
    }
  }

  @Test func `what is claimed for hosts that enforce names those that do not`() throws {
    let policy = try EvidenceFixture.policy(
      """
      version: 1
      services: {https: tcp/443}
      zones: {app: {}}
      hosts:
        a: {addresses: [10.0.0.1], zone: app, mode: observe}
        b: {addresses: [10.0.0.2], zone: app}
        c: {addresses: [10.0.0.3], zone: app, mode: {egress: leave}}
      flows:
        f: {from: a, to: b, service: https, why: test}
      """)
    let inventory = try InventoryChapters(policy, at: Self.now, [])
    #expect(inventory.unenforced == "a, c")
    let told = Enforcement(meant: inventory.unenforced, told: inventory.called(["b", "elsewhere"]))
    let pci = Clauses.chapter(told).tables[0].rows.map(\.cells)
    for number in ["1.2.3", "1.2.5", "1.3.1", "1.3.2", "1.4.1"] {
      let shows = try #require(pci.first { $0[0] == number })[2]
      #expect(shows.contains("deny nothing in some direction: a, c"), "\(number): \(shows)")
      #expect(shows.contains("(the chapter on hosts says why): b."), "\(number): \(shows)")
      #expect(!shows.contains("drawn from what is enforced"))
    }
    let matrix = inventory.matrix(told)
    #expect(matrix.lead.contains { $0.contains("a, c") && $0.contains(": b.") })
    let unasked = inventory.matrix(Enforcement(meant: inventory.unenforced, told: nil))
    #expect(unasked.lead.contains { $0.contains("no host was asked whether it enforces") })
    // Only where all is known to be so.
    let sound = Clauses.chapter(Enforcement(meant: "", told: "")).tables[0].rows.map(\.cells)
    #expect(sound.contains { $0[2].contains("each that was asked does just what it says") })
  }

  @Test func `what is not covered is named`() throws {
    let policy = try EvidenceFixture.policy(
      """
      version: 1
      services: {https: tcp/443}
      hosts:
        a: {addresses: [10.0.0.1], mode: observe}
        b: {addresses: [10.0.0.2], forwarding: containers}
      flows:
        f: {from: a, to: b, service: https, why: test}
      """)
    let words = try Self.rows(try Self.report(policy), "not-covered").map { $0.joined(separator: " ") }
    for what in [
      "probes none ran", "mode observe, ingress a (1 host)", "containers b (1 host)", "not in the inventory",
    ] {
      #expect(words.contains { $0.contains(what) }, "\(what)")
    }
  }

  @Test func `every form has every cell`() throws {
    let report = try Self.report(try EvidenceFixture.reference())
    let html = ReportPage(report).html
    let markdown = ReportText.markdown(report)
    let csv = ReportText.csv(report)
    let cells = report.chapters.flatMap { $0.tables.flatMap { $0.rows.flatMap(\.cells) } }.filter {
      !$0.isEmpty
    }
    #expect(cells.count > 300)
    for cell in Set(cells) {
      let escaped = cell.replacing("&", with: "&amp;").replacing("'", with: "&#39;").replacing(
        "<", with: "&lt;"
      )
      .replacing("\"", with: "&quot;").replacing(">", with: "&gt;")
      #expect(html.contains(">\(escaped)</"), "\(cell)")
      #expect(markdown.contains(MarkdownTable.cell(cell)))
      #expect(csv.contains(cell.replacing("\"", with: "\"\"")), "\(cell)")
    }
  }

  // MARK: Pages

  private static let hostile = [
    "</script><script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "' onmouseover='alert(1)",
    "</title><svg onload=alert(1)>", "<!--", "]]>", "&lt;b&gt;", "\u{2028}alert(1)\u{2029}",
    "\u{202e}desrever", "a\nb\tc",
    "javascript:alert(1)", "</style><style>*{display:none}", "{{7*7}}", "\u{0}\u{7f}",
  ]

  @Test(arguments: hostile) func `no text of an inventory becomes markup`(text: String) throws {
    let row = ReportTable.Row([text, text], .bad)
    let report = Report(
      title: text, identity: [Report.Fact(text, text)],
      chapters: [
        ReportChapter("a", text, lead: [text], tables: [ReportTable(text, [text, text], [row])]),
        ReportChapter("b", "x", tables: [ReportTable(text, [text], [])]),
      ], picture: nil)
    let plain = Report(
      title: "t", identity: [Report.Fact("t", "t")],
      chapters: [
        ReportChapter(
          "a", "t", lead: ["t"], tables: [ReportTable("t", ["t", "t"], [ReportTable.Row(["t", "t"], .bad)])]),
        ReportChapter("b", "x", tables: [ReportTable("t", ["t"], [])]),
      ], picture: nil)
    // Tags, and all that is within them but whether a cell is short, are those of a report that says nothing.
    func tags(_ report: Report) -> [String] {
      ReportPage(report).html.matches(of: /<[^>]*>/).map {
        String($0.0).replacing(#/ [kltw]"/#, with: "\"").replacing(#/ class="[kltw]"/#, with: "")
      }
    }
    #expect(tags(report) == tags(plain))
    let html = ReportPage(report).html
    for scalar in ["\u{2028}", "\u{2029}", "\u{202e}", "\u{0}", "\u{7f}"] { #expect(!html.contains(scalar)) }
  }

  @Test func `names and reasons of an inventory are no markup either, nor in a script`() throws {
    let policy = try EvidenceFixture.policy(
      """
      version: 1
      services: {https: tcp/443}
      zones: {app: {crown: true, description: "</script>"}}
      hosts:
        a: {addresses: [10.0.0.1]}
        b: {addresses: [10.0.0.2], zone: app}
      flows:
        f: {from: a, to: b, service: https, why: '</script><img src=x onerror=alert(1)>', owner: '"><b>', ticket: '=1+1'}
      guards:
        g: {never: {from: b, to: a, within: 1 hop}, why: '<svg onload=alert(1)>'}
      """)
    let html = ReportPage(try Self.report(policy)).html
    #expect(html.contains("&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;"))
    #expect(!html.contains("<img") && !html.contains("<svg onload") && !html.contains("\"><b>"))
    let scripts = html.matches(of: /<script[^>]*>(.*?)<\/script>/.dotMatchesNewlines()).map { String($0.1) }
    #expect(scripts.count == 2)
    // Numbers, and names of ours.
    #expect(scripts[0].wholeMatch(of: /[0-9{}\[\],:"a-z]*/) != nil)
    #expect(html.contains("'sha256-\(Self.digest(scripts[1]))'"), "the page lets its own script run")
  }

  private static func digest(_ text: String) -> String {
    var hash = SHA256()
    hash.update(Array(text.utf8))
    let hex = Array(hash.finish())
    let bytes = stride(from: 0, to: hex.count, by: 2).compactMap {
      UInt8(String(hex[$0...$0 + 1]), radix: 16)
    }
    return Data(bytes).base64EncodedString()
  }

  @Test func `a page asks for nothing, and has what readers of screens need`() throws {
    let html = ReportPage(try Self.report(try EvidenceFixture.reference())).html
    for word in [
      "http:", "https:", "src=", "@import", "<link", "<iframe", "fetch(", "XMLHttpRequest", "innerHTML",
      "eval(",
    ] {
      #expect(!html.contains(word), "\(word)")
    }
    #expect(html.matches(of: /url\(/).count == html.matches(of: /url\(#tip\)/).count)
    #expect(html.contains("default-src 'none'"))
    for part in ["<html lang=\"en\">", "<main ", "<nav aria-label", "<header>", "<h1>", "class=\"skip\""] {
      #expect(html.contains(part), "\(part)")
    }
    #expect(html.matches(of: /<table\s/).count == html.matches(of: /<caption\s/).count)
    let ids = html.matches(of: /\sid="([^"]+)"/).map { String($0.1) }
    #expect(ids.count == Set(ids).count)
    for link in html.matches(of: /href="#([^"]+)"/) { #expect(ids.contains(String(link.1))) }
  }
}
