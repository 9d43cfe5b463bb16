import ChildProcess
import Foundation
import Goldens
import Testing

/// The first command of a user's first day.
@Suite struct InitCommandTests {
  private func run(_ script: String) throws -> (status: Int32, output: String) {
    let directory = FileManager.default.temporaryDirectory.appending(path: "init-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    let told = ChildProcess.run(
      ["sh", "-c", "cd '\(directory.path)' && PATH='\(ChildProcess.products)':$PATH; \(script)"])
    return (told.status, told.output)
  }

  /// A machine with one link and one address, in a namespace of its own.
  private static let machine =
    "unshare --user --map-root-user --net sh -ec 'ip link add eth0 type veth peer name far0; ip link set eth0 up;"
    + " ip address add 192.0.2.9/24 dev eth0; SSH_CONNECTION=\"203.0.113.7 5000 192.0.2.9 22\" sekisho init"

  @Test func `what it writes is sound, and can be tried`() throws {
    let told = try run(
      "\(Self.machine)' && grep -h 192.0.2.9 inventory/30-hosts.yaml && grep -h 203.0.113.7 inventory/10-networks.yaml"
        + " && sekisho check && sekisho compile")
    #expect(told.status == 0, "\(told.output)")
    #expect(told.output.contains("addresses: [\"192.0.2.9\"]"), "\(told.output)")
    #expect(told.output.contains("sound: 1 host, 4 flows"), "\(told.output)")
    #expect(told.output.contains("1 distinct ruleset"), "\(told.output)")
  }

  /// A server that listens with one socket of both families says so of every login (RFC 3493, 3.7).
  @Test func `a login that is told as IPv6 is of IPv4, at the port it came to`() throws {
    let login = "\"::ffff:203.0.113.7 5000 ::ffff:192.0.2.9 2222\""
    let told = try run(
      "\(Self.machine.replacing("\"203.0.113.7 5000 192.0.2.9 22\"", with: login))' && grep -h 203.0 inventory/*"
        + " && grep -h tcp/2222 inventory/20-services.yaml && sekisho check")
    #expect(told.status == 0, "\(told.output)")
    #expect(told.output.contains("    prefixes: [\"203.0.113.7/32\"]\n  ssh: tcp/2222\n"), "\(told.output)")
  }

  @Test func `each step of a newcomer says the next`() throws {
    let told = try run(
      """
      unshare --user --map-root-user --net --mount --pid --fork --kill-child sh -ec '
        mount -t proc proc /proc; mount -t tmpfs tmpfs /run
        ip link set lo up; ip link add eth0 type veth peer name far0; ip link set eth0 up
        ip address add 192.0.2.9/24 dev eth0
        exec "\(Golden.root)/Tests/Packages/newcomer" .'
      """)
    #expect(told.status == 0, "\(told.output)")
    #expect(told.output.contains("$ sekisho lab try web-1 db-1 postgres\n"), "\(told.output)")
  }

  @Test func `who is no terminal is told no next step`() throws {
    let told = try run("\(Self.machine)' && sekisho check")
    #expect(told.output.hasSuffix("services\n"), "\(told.output)")
  }

  @Test func `each file names the schema that stands beside it`() throws {
    let told = try run(
      "\(Self.machine)' && sekisho schema | cmp - inventory/.sekisho-schema.json && head -qn 1 inventory/*.yaml | uniq -c"
    )
    #expect(told.status == 0, "\(told.output)")
    #expect(
      told.output.hasSuffix("5 # yaml-language-server: $schema=.sekisho-schema.json\n"), "\(told.output)")
  }

  @Test func `a schema that is there is left as it is`() throws {
    let told = try run(
      "mkdir inventory; echo mine > inventory/.sekisho-schema.json; \(Self.machine)' && cat inventory/.sekisho-schema.json"
        + " && sekisho check")
    #expect(told.status == 0, "\(told.output)")
    #expect(told.output.contains("\nmine\n"), "\(told.output)")
  }

  @Test func `what is there is left as it is`() throws {
    let told = try run(
      "mkdir inventory; echo 'version: 1' > inventory/mine.yml; \(Self.machine)'; echo $?; ls inventory; cat inventory/*"
    )
    #expect(told.output.contains("holds something already (mine.yml)"), "\(told.output)")
    #expect(told.output.hasSuffix("1\nmine.yml\nversion: 1\n"), "\(told.output)")
  }

  @Test func `an inventory in directories is left as it is, too`() throws {
    let told = try run(
      "mkdir -p inventory/flows; echo 'version: 1' > inventory/flows/a.yaml; \(Self.machine)'; echo $?; find inventory -type f"
    )
    #expect(told.output.contains("holds something already (flows)"), "\(told.output)")
    #expect(told.output.hasSuffix("1\ninventory/flows/a.yaml\n"), "\(told.output)")
  }

  /// A file that cannot be written whole, as on a disk that is full: a limit on its size.
  @Test func `what could not be written whole is taken away again`() throws {
    let told = try run(
      "mkdir inventory; \(Self.machine.replacing("SSH_CONNECTION", with: "trap \"\" XFSZ; ulimit -f 1; SSH_CONNECTION"))'; echo $?; ls -A inventory"
    )
    #expect(told.output.hasSuffix("1\n"), "\(told.output)")
  }

  @Test func `who calls a machine by its whole name is told the one that it has`() throws {
    let machine = Self.machine.replacing("-ec '", with: "-ec 'hostname Web-1.example.com; ")
      .replacing("--net", with: "--net --uts")
    let told = try run(
      "\(machine)'; sekisho reach Web-1.example.com; echo $?; sekisho explain Web-1 internet web; echo $?")
    #expect(told.output.contains("is called 'Web-1.example.com'; is 'web-1' meant?"), "\(told.output)")
    #expect(told.output.contains("'Web-1' is no host and no network, and not an address; is 'web-1' meant?"))
    #expect(told.output.hasSuffix("64\n"), "\(told.output)")
  }

  @Test func `a machine without an address is told so`() throws {
    let told = try run("unshare --user --map-root-user --net sekisho init; echo $?; ls")
    #expect(told.output.contains("no address by which others could reach it"), "\(told.output)")
    #expect(told.output.hasSuffix("1\n"), "\(told.output)")
  }
}
