internal import ArgumentParser
internal import Diagnostics
internal import Glibc
internal import Imports
internal import InventoryText
internal import Operations

struct ImportCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Write a part of an inventory from what other tools know.",
    usage: "sekisho import <kind> <file> [--into <dir>] [<options>]",
    discussion: """
      Hosts come from lists that exist. What is read goes to standard output as a file of the inventory; what was left out or \
      renamed goes to standard error, a line each with its place. A mistake is no import: nothing is guessed, and no two names \
      become one.

        sekisho import hosts /etc/hosts > inventory/30-hosts.yaml
        sekisho import csv servers.csv --into inventory
        ansible-inventory -i site.ini --list | sekisho import ansible -
        sekisho import ansible site.ini --into inventory --write
        terraform show -json | sekisho import terraform - --into inventory
        nft -j list ruleset | sekisho import nft - --host web-1 --address 10.0.1.11

      - hosts: as /etc/hosts. The first name of an address is the host's; loopback, link-local and multicast addresses are \
      left out.
      - csv: the first line names the columns, of which name and addresses must be there; zone, groups and description may \
      be. Several addresses or groups stand in one cell with ; or a space between.
      - ansible: the JSON of ansible-inventory --list. Any other file, or a directory, is given to ansible-inventory, which \
      must be installed and does with it what it does. Addresses are ansible_host, the facts ansible_default_ipv4 and \
      ansible_default_ipv6, and private_ip_address or private_ipv4_addresses of plugins for clouds; groups are those that a \
      host is in, by way of other groups too.
      - terraform: a state or plan as terraform show -json writes it, or the file of a state. Of aws_instance, \
      google_compute_instance, azurerm_linux_virtual_machine, hcloud_server, digitalocean_droplet and \
      openstack_compute_instance_v2 the private addresses are taken, public ones where there are no others. Tags become \
      groups: of a tag with a value, KEY-VALUE.

      - nft: a ruleset of any tool, as nft -j list ruleset writes it, is read by what it means for the host that --host names: \
      networks, services and flows, never more than surely passes. What depends on links, rates, marks, times or source \
      ports is left out and told with its rule; sekisho read FILE --allows shows the whole. The `why` of each flow is empty, \
      and sekisho check refuses the file until you have written it.

      Capital letters of names become small, and what a name cannot have becomes `-`; a group with the name of a host gets \
      -group behind it.

      With --into the inventory there is looked at first: who is in it with the same addresses is left as he is, and whatever \
      contradicts it is an error with both places. What is new is a file of its own, which is shown as a change and written \
      with --write, or when you say yes on a terminal. No file is ever overwritten.

      What listens and speaks on hosts now becomes flows by sekisho suggest --of sockets.

      Exit codes: 0 done, 1 nothing was imported.
      """)

  enum Kind: String, CaseIterable {
    case hosts, csv, ansible, terraform, nft

    @Sendable static func named(_ word: String) throws -> Self {
      if let kind = Self(rawValue: word) { return kind }
      throw ValidationError(
        word == "sockets"
          ? "what listens and speaks on hosts now is no file; it becomes flows by: sekisho suggest --of sockets"
          : "'\(word)' is no kind of file that is read; there are \(conjoined(allCases.map(\.rawValue)))")
    }
  }

  @Argument(
    help: ArgumentHelp("What the file is: hosts, csv, ansible, terraform or nft.", valueName: "kind"),
    completion: .list(Kind.allCases.map(\.rawValue)), transform: Kind.named)
  var kind: Kind

  @Argument(
    help: ArgumentHelp("File to read, 64 MiB at most; - is standard input.", valueName: "file"),
    completion: .file())
  var file: String

  @Option(
    help: ArgumentHelp("Directory of an inventory that it is for.", valueName: "dir"), completion: .directory)
  var into: String?

  @Option(help: ArgumentHelp("Host that a ruleset is of.", valueName: "name"))
  var host: String?

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Its addresses, by which others reach it; may be left out where the inventory of --into has the host.",
      valueName: "address"))
  var address: [String] = []

  @Flag(help: "Write the new file into that directory without a question.")
  var write = false

  @OptionGroup var output: OutputOptions

  func validate() throws {
    if write, into == nil { throw ValidationError("--write belongs to --into, which says where") }
    if kind == .nft, host == nil { throw ValidationError("a ruleset is of a host: name it with --host") }
    if kind != .nft, host != nil || !address.isEmpty {
      throw ValidationError("--host and --address belong to nft: lists have hosts of their own")
    }
  }

  func answer(_ console: Console) async throws -> Answer {
    let source = try await ImportSource(kind, file)
    do {
      let loaded = try into.map { try LoadedPolicy($0) }
      let report =
        if kind == .nft {
          try ImportReport(rulesetOf: host ?? "", at: address, in: source, beside: loaded)
        } else {
          try ImportReport(source.hosts(kind), of: source, beside: loaded)
        }
      return try answer(report, console)
    } catch let faults as ImportFaults {
      throw Refusal(faults, source)
    }
  }

  private func answer(_ report: ImportReport, _ console: Console) throws -> Answer {
    guard let part = report.part else { return report.answer(nil, isWritten: false, shows: true) }
    let made = try ImportedFile(part, "imported-\(kind)", into: into)
    var (isWritten, isShown) = (write, false)
    if into != nil, !write, !output.json, file != "-", isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1 {
      try console.write(Array(made.patch.utf8))
      isShown = true
      isWritten = console.confirms("Write it?")
    }
    if isWritten { try made.write() }
    return report.answer(made, isWritten: isWritten, shows: !isShown)
  }
}
