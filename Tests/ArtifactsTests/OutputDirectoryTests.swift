import Artifacts
import Foundation
import Policy
import Testing

@Suite struct OutputDirectoryTests {
  private let files = FileManager.default
  private let path = NSTemporaryDirectory() + "sekisho-\(UUID().uuidString)"

  private func ruleset(_ text: String) -> RulesetFiles {
    RulesetFiles(nft: Array("# \(text)\n".utf8), json: Array("{\"\(text)\": 1}\n".utf8))
  }

  /// Writes hosts, each with the ruleset of that text.
  @discardableResult
  private func compile(
    _ hosts: [String: String], keeping others: Set<String> = [], inventory: String = "i"
  ) throws -> OutputReport {
    let write = try OutputWrite(path)
    var entries: [String: Manifest.Entry] = [:]
    for (host, text) in hosts {
      let ruleset = ruleset(text)
      try write.add(ruleset)
      entries[host] = Manifest.Entry(
        digest: ruleset.digest, modes: Modes(.enforce), ssh: host, addresses: ["10.0.0.1"],
        inventory: inventory)
    }
    return try write.finish(hosts: entries, keeping: others)
  }

  private func text(_ name: String) throws -> String {
    try String(contentsOfFile: "\(path)/\(name)", encoding: .utf8)
  }

  private func names(_ directory: String = "") throws -> [String] {
    try files.contentsOfDirectory(atPath: "\(path)/\(directory)").sorted()
  }

  /// Inode and time of the last change of every file.
  private func states() throws -> [String: String] {
    var states: [String: String] = [:]
    for name in try names() {
      let attributes = try files.attributesOfItem(atPath: "\(path)/\(name)")
      states[name] = "\(attributes[.systemFileNumber] ?? "") \(attributes[.modificationDate] ?? "")"
    }
    return states
  }

  @Test func `hosts with one ruleset share its files`() throws {
    defer { try? files.removeItem(atPath: path) }
    let report = try compile(["a": "one", "b": "one", "c": "two"])
    #expect(report.changed == ["a", "b", "c"] && report.removed.isEmpty && report.unchanged == 0)
    #expect(
      try names() == ["a.json", "a.nft", "b.json", "b.nft", "c.json", "c.nft", "manifest.json", "rulesets"])
    #expect(try names("rulesets").count == 4)
    #expect(try text("a.nft") == "# one\n")
    #expect(try text("c.json") == "{\"two\": 1}\n")
    let states = try states()
    #expect(states["a.nft"] == states["b.nft"])
    let manifest = try OutputDirectory(path).manifest()
    #expect(try OutputDirectory(path).json(of: "b", manifest) == Array("{\"one\": 1}\n".utf8))
  }

  @Test func `what has not changed is not written again`() throws {
    defer { try? files.removeItem(atPath: path) }
    try compile(["a": "one", "b": "two"])
    let before = try states()
    #expect(try compile(["a": "one", "b": "two"]).unchanged == 2)
    #expect(try states() == before)
    #expect(try compile(["a": "one", "b": "three"]).changed == ["b"])
    #expect(try states()["a.nft"] == before["a.nft"])
    #expect(try text("b.nft") == "# three\n")
    #expect(try names("rulesets").count == 4)
  }

  @Test func `a host that is gone takes its files and its ruleset along`() throws {
    defer { try? files.removeItem(atPath: path) }
    try compile(["a": "one", "b": "two"])
    #expect(try compile(["a": "one"]).removed == ["b"])
    #expect(try names() == ["a.json", "a.nft", "manifest.json", "rulesets"])
    #expect(try names("rulesets").count == 2)
  }

  @Test func `hosts that were not compiled keep what they have`() throws {
    defer { try? files.removeItem(atPath: path) }
    try compile(["a": "one", "b": "two", "c": "three"])
    let report = try compile(["a": "four"], keeping: ["b"])
    #expect(report.changed == ["a"] && report.removed == ["c"] && report.unchanged == 0)
    #expect(try OutputDirectory(path).manifest().hosts.keys.sorted() == ["a", "b"])
    #expect(try text("b.nft") == "# two\n")
  }

  @Test func `the manifest says of each host which inventory its ruleset is of, and which hosts have none`()
    throws
  {
    defer { try? files.removeItem(atPath: path) }
    func head() throws -> Substring { try text("manifest.json").prefix { $0 != "\n" } }
    try compile(["a": "one", "b": "two"], inventory: "old")
    #expect(try head() == "{\"format_version\": 1, \"inventory\": \"old\",")
    try compile(["a": "four"], keeping: ["b", "d", "c"], inventory: "new")
    let mixed = try OutputDirectory(path).manifest()
    #expect(mixed.hosts.mapValues(\.inventory) == ["a": "new", "b": "old"])
    #expect(mixed.inventories == ["old", "new"] && mixed.notCompiled == ["c", "d"])
    // A reader that looks for one inventory of all finds that there is none.
    #expect(try head() == "{\"format_version\": 1, \"inventory\": null,")
    // What is kept of a mixed manifest stays what it is.
    try compile(["c": "five"], keeping: ["a", "b", "d"], inventory: "newer")
    let more = try OutputDirectory(path).manifest()
    #expect(more.hosts.mapValues(\.inventory) == ["a": "new", "b": "old", "c": "newer"])
    #expect(more.notCompiled == ["d"])
    try compile(["a": "one", "b": "two", "c": "five", "d": "six"], inventory: "last")
    let whole = try OutputDirectory(path).manifest()
    #expect(whole.inventories == ["last"] && whole.notCompiled.isEmpty)
    #expect(try head() == "{\"format_version\": 1, \"inventory\": \"last\",")
  }

  @Test func `a compile that is given up leaves nothing behind`() throws {
    defer { try? files.removeItem(atPath: path) }
    try compile(["a": "one"])
    let before = try states()
    do {
      let write = try OutputWrite(path)
      try write.add(ruleset("never finished"))
    }
    #expect(try states().filter { $0.key != "rulesets" } == before.filter { $0.key != "rulesets" })
    #expect(try names("rulesets").count == 2)
  }

  @Test func `only one compile writes at a time`() throws {
    defer { try? files.removeItem(atPath: path) }
    let write = try OutputWrite(path)
    #expect(throws: OutputFailure.self) { try OutputWrite(path) }
    try write.add(ruleset("one"))
  }

  @Test func `the manifest keeps the groups and the zone of a host, and does without`() throws {
    defer { try? files.removeItem(atPath: path) }
    let ruleset = ruleset("one")
    let write = try OutputWrite(path)
    try write.add(ruleset)
    func entry(_ groups: [String], _ zone: String?) -> Manifest.Entry {
      Manifest.Entry(
        digest: ruleset.digest, modes: Modes(.enforce), ssh: "h", addresses: [], groups: groups, zone: zone,
        inventory: "i")
    }
    let hosts = ["a": entry(["api", "web.eu"], "dmz"), "b": entry([], nil)]
    _ = try write.finish(hosts: hosts, keeping: [])
    #expect(try OutputDirectory(path).manifest().hosts == hosts)
    #expect(
      try text("manifest.json").contains(#""addresses": [], "groups": ["api", "web.eu"], "zone": "dmz"}"#))
    #expect(try text("manifest.json").contains(#""ssh": "h", "addresses": []}"#))
  }

  @Test func `no host is called manifest`() throws {
    defer { try? files.removeItem(atPath: path) }
    try compile(["a": "one"])
    let before = try text("manifest.json")
    #expect(throws: OutputFailure.self) { try compile(["a": "one", "manifest": "two"]) }
    #expect(try text("manifest.json") == before)
  }

  @Test func `a ruleset that was tampered with or lost is refused`() throws {
    defer { try? files.removeItem(atPath: path) }
    try compile(["a": "one"])
    let directory = OutputDirectory(path)
    let manifest = try directory.manifest()
    try Data("{\"more\": 1}\n".utf8).write(
      to: URL(fileURLWithPath: "\(path)/rulesets/\(ruleset("one").digest).json"))
    #expect(throws: OutputFailure.self) { try directory.json(of: "a", manifest) }
    try files.removeItem(atPath: "\(path)/rulesets/\(ruleset("one").digest).json")
    #expect(throws: OutputFailure.self) { try directory.json(of: "a", manifest) }
    #expect(throws: OutputFailure.self) { try directory.json(of: "b", manifest) }
  }

  @Test(
    arguments: [
      "", "{", "[]", "{\"format_version\": 1, \"inventory\": null}",
      "{\"format_version\": 1, \"inventory\": null, \"hosts\": null}", "{\"inventory\": null, \"hosts\": {}}",
      "{\"format_version\": 2, \"inventory\": \"\", \"hosts\": {}}",
      "{\"format_version\": 1, \"inventory\": \"\", \"hosts\": {\"a\": {\"ruleset\": \"../../etc/passwd\", "
        + "\"mode\": {\"ingress\": \"enforce\", \"egress\": \"enforce\", \"forward\": \"enforce\"}, \"ssh\": \"a\"}}}",
    ])
  func `a damaged manifest is refused and nothing is written over it`(manifest: String) throws {
    defer { try? files.removeItem(atPath: path) }
    try compile(["a": "one"])
    try Data(manifest.utf8).write(to: URL(fileURLWithPath: "\(path)/manifest.json"))
    #expect(throws: OutputFailure.self) { try OutputDirectory(path).manifest() }
    #expect(throws: OutputFailure.self) { try compile(["a": "two"]) }
    #expect(try text("manifest.json") == manifest)
    #expect(try text("a.nft") == "# one\n")
  }

  /// What `ssh` would take for an option, a path, or another word, beside what it may be told.
  @Test(arguments: [
    ("a", true), ("root@10.0.0.1", true), ("[2001:db8::1%eth0]:22", true), ("-F", false), ("-", false),
    ("--", false), ("-oProxyCommand=x", false), ("a b", false), ("a;b", false), ("$a", false), ("", false),
    ("a\\nb", false), ("`a`", false),
  ])
  func `what a manifest gives to ssh is no option and one word`(ssh: String, isFine: Bool) throws {
    defer { try? files.removeItem(atPath: path) }
    try compile(["a": "one"])
    let manifest = try text("manifest.json").replacingOccurrences(
      of: "\"ssh\": \"a\"", with: "\"ssh\": \"\(ssh)\"")
    try Data(manifest.utf8).write(to: URL(fileURLWithPath: "\(path)/manifest.json"))
    if isFine {
      #expect(try OutputDirectory(path).manifest().hosts["a"]?.ssh == ssh)
    } else {
      #expect(throws: OutputFailure.self) { try OutputDirectory(path).manifest() }
    }
  }

  /// Whoever wrote the manifest says what is started here: no less than in an inventory it leads to the host, by a program that
  /// does not depend on where somebody stands.
  @Test(arguments: [
    (#"["ssh", "-J", "b", "a", "sudo", "-n"]"#, true), (#"["/opt/x/reach", "--to=a", ""]"#, true),
    (#"["ssh", "b"]"#, false), (#"[]"#, false), (#"["a"]"#, false), (#"["", "a"]"#, false),
    (#"["bin/x", "a"]"#, false), (#"["./x", "a"]"#, false), (#"["-x", "a"]"#, false),
    (#"["x=1", "a"]"#, false), (#"["ssh", "a", "b\u0007"]"#, false), (#""ssh a""#, false),
  ])
  func `what a manifest starts leads to the host`(transport: String, isFine: Bool) throws {
    defer { try? files.removeItem(atPath: path) }
    try compile(["a": "one"])
    let manifest = try text("manifest.json").replacingOccurrences(
      of: "\"ssh\": \"a\"", with: "\"ssh\": \"a\", \"transport\": \(transport)")
    try Data(manifest.utf8).write(to: URL(fileURLWithPath: "\(path)/manifest.json"))
    if isFine {
      #expect(try OutputDirectory(path).manifest().hosts["a"]?.transport?.isEmpty == false)
    } else {
      #expect(throws: OutputFailure.self) { try OutputDirectory(path).manifest() }
    }
  }

  /// What stands where a host's file belongs, and cannot be replaced: the manifest may not be ahead of it.
  @Test(arguments: ["a.nft", "a.json", "b.nft", "b.json"])
  func `a host that cannot be led to its ruleset keeps the old manifest`(name: String) throws {
    defer { try? files.removeItem(atPath: path) }
    try compile(["a": "one", "b": "two"])
    let (before, present) = (try text("manifest.json"), try names())
    try files.removeItem(atPath: "\(path)/\(name)")
    try files.createDirectory(atPath: "\(path)/\(name)/in-the-way", withIntermediateDirectories: true)
    #expect(throws: OutputFailure.self) { try compile(["a": "three", "b": "four"]) }
    #expect(try text("manifest.json") == before)
    #expect(try names() == present)
    try files.removeItem(atPath: "\(path)/\(name)")
    #expect(try compile(["a": "three", "b": "four"]).changed.isEmpty == false)
    #expect(try text("a.nft") == "# three\n" && text("b.json") == "{\"four\": 1}\n")
  }

  /// ext4 has room for 65,000 names of one file.
  @Test func `more hosts than a file can have names share a ruleset all the same`() throws {
    defer { try? files.removeItem(atPath: path) }
    var hosts: [String: String] = [:]
    for number in 0..<65_100 { hosts["h\(number)"] = "one" }
    #expect(try compile(hosts).changed.count == 65_100)
    for host in ["h0", "h64999", "h65099", "h9999"] { #expect(try text("\(host).json") == "{\"one\": 1}\n") }
  }
}
