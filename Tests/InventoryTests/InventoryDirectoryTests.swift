import Diagnostics
import Foundation
import Inventory
import InventoryFiles
import Policy
import Testing

@Suite struct InventoryDirectoryTests {
  /// A directory that is removed with the value.
  private final class Scratch {
    let path: String

    init() throws {
      path = NSTemporaryDirectory() + "/inventory-\(UUID().uuidString)"
      try FileManager.default.createDirectory(
        atPath: path + "/inventory/hosts", withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var inventory: String { path + "/inventory" }

    func write(_ text: String, to name: String) throws {
      try text.write(toFile: "\(path)/\(name)", atomically: true, encoding: .utf8)
    }

    func link(_ name: String, to target: String) throws {
      try FileManager.default.createSymbolicLink(atPath: "\(path)/\(name)", withDestinationPath: target)
    }

    func report() throws -> String {
      let loaded = try Inventory.load(inventory)
      #expect((loaded.policy == nil) == loaded.report.hasErrors)
      return loaded.report.text(Sources(files: loaded.sources.files))
    }
  }

  @Test func `every inventory file below a directory is read in sorted order, hidden ones are not`() throws {
    let scratch = try Scratch()
    try scratch.write("version: 1\n", to: "inventory/b.yml")
    try scratch.write("hosts: {db-1: {addresses: 10.0.0.1}}\n", to: "inventory/hosts/data.yaml")
    try scratch.write("{\"hosts\": {\"db-2\": {\"addresses\": [\"10.0.0.2\"]}}}\n", to: "inventory/a.json")
    try scratch.write("no inventory", to: "inventory/notes.txt")
    try scratch.write("no inventory", to: "inventory/.hidden.yaml")
    try scratch.write("no inventory", to: "inventory/hosts/data.yaml~")
    let loaded = try Inventory.load(scratch.inventory)
    #expect(loaded.sources.files.map(\.path) == ["a.json", "b.yml", "hosts/data.yaml"])
    let policy = try #require(loaded.policy)
    #expect(policy.hosts.map(\.name) == ["db-1", "db-2"])
    #expect(policy.hosts.map(\.location.file) == ["hosts/data.yaml", "a.json"])
    #expect(loaded.sources.shownPath("a.json") == scratch.inventory + "/a.json")
  }

  @Test func `a single file is an inventory, through a link too`() throws {
    let scratch = try Scratch()
    try scratch.write("version: 1\nhosts: {db-1: {addresses: 10.0.0.1}}\n", to: "one.yaml")
    try scratch.link("link.yaml", to: "one.yaml")
    for name in ["one.yaml", "link.yaml"] {
      let loaded = try Inventory.load("\(scratch.path)/\(name)")
      #expect(loaded.policy?.hosts.first?.location.description == "\(name):2:9")
      #expect(loaded.sources.shownPath(name) == "\(scratch.path)/\(name)")
    }
  }

  @Test func `what resolves outside the directory is refused`() throws {
    let scratch = try Scratch()
    try scratch.write("version: 1\n", to: "inventory/a.yaml")
    try scratch.write("zones: {}\n", to: "outside.yaml")
    try scratch.link("inventory/b.yaml", to: "../outside.yaml")
    try scratch.link("inventory/hosts/passwd.yaml", to: "/etc/passwd")
    try scratch.link("inventory/gone.yaml", to: "nothing.yaml")
    try scratch.link("inventory/more", to: "/etc")
    try scratch.link("inventory/notes", to: "../outside.yaml")
    #expect(
      try scratch.report() == """
        b.yaml: error: a symbolic link out of the inventory's directory
             = help: copy the file into the directory: a review must see it
        gone.yaml: error: a symbolic link that leads nowhere
             = help: remove it, or restore the file it names
        hosts/passwd.yaml: error: a symbolic link out of the inventory's directory
             = help: copy the file into the directory: a review must see it
        more: error: a symbolic link to a directory
             = help: links to directories are not followed: move the files here

        """)
  }

  @Test func `a link inside the directory is a file like any other`() throws {
    let scratch = try Scratch()
    try scratch.write("version: 1\nhosts: {db-1: {addresses: 10.0.0.1}}\n", to: "inventory/.data")
    try scratch.link("inventory/a.yaml", to: ".data")
    #expect(try Inventory.load(scratch.inventory).policy?.hosts.count == 1)
    try scratch.link("inventory/b.yaml", to: ".data")
    #expect(try scratch.report().contains("b.yaml:2:9: error: the host `db-1` is declared twice"))
  }

  @Test func `a pipe with the name of an inventory file does not stop the run`() throws {
    let scratch = try Scratch()
    try scratch.write("version: 1\n", to: "inventory/a.yaml")
    #expect(mkfifo("\(scratch.inventory)/pipe.yaml", 0o600) == 0)
    #expect(try scratch.report().hasPrefix("pipe.yaml: error: not a regular file\n"))
  }

  @Test func `directories nest to a depth only`() throws {
    let scratch = try Scratch()
    let deep = (0..<20).map { "d\($0)" }.joined(separator: "/")
    try FileManager.default.createDirectory(
      atPath: "\(scratch.inventory)/\(deep)", withIntermediateDirectories: true)
    #expect(try scratch.report().contains("error: directories are nested more than 16 deep"))
  }

  @Test func `what the machine refuses is thrown with a remedy`() throws {
    let scratch = try Scratch()
    let empty = try #require(throws: InventoryUnreadable.self) { try Inventory.load(scratch.inventory) }
    #expect(empty.reason == "the directory holds no inventory")
    #expect(empty.remedy == "it needs files *.yaml, *.yml or *.json")
    let missing = try #require(throws: InventoryUnreadable.self) {
      try Inventory.load(scratch.path + "/nowhere")
    }
    #expect(missing.code == ENOENT)
    #expect(
      missing.description.hasSuffix(
        "nowhere: No such file or directory; name the inventory with --inventory"
      ))
  }
}
