internal import Addressing
internal import ConnectionSpace
internal import Diagnostics
internal import Imports
internal import InventoryText
internal import Nftables
internal import Operations
internal import Policy
internal import RulesetSpace

/// What was imported, as an answer.
struct ImportReport {
  /// What is new; `nil`: nothing is.
  let part: InventoryPart?
  private let hosts: [ImportedHosts.Host]
  private let flows: [InventoryPart.Flow]
  private let present: [String]
  private let remarks: [ImportRemark]

  /// Of more remarks nobody reads all at a terminal.
  private static let mostRemarks = 200

  /// - Parameter loaded: the inventory that it is for; `nil`: none.
  /// - Throws: ``ImportFaults`` where both contradict each other.
  init(
    _ found: ImportedHosts, of source: ImportSource, beside loaded: LoadedPolicy?
  ) throws(ImportFaults) {
    var hosts = found
    var present: [String] = []
    if let loaded {
      let news = try found.news(beside: loaded.policy, shown: loaded.shown)
      (hosts, present) = (news.hosts, news.present)
    }
    self.present = present
    flows = []
    self.hosts = hosts.hosts
    remarks = hosts.remarks
    let zones = Set((loaded?.policy.zones ?? []).map(\.name))
    part =
      hosts.hosts.isEmpty
      ? nil : hosts.part(header: ["Imported from \(SafeText.escaped(source.name))."], apartFrom: zones)
  }

  /// A ruleset that is one host's.
  ///
  /// - Parameters:
  ///   - name: of the host.
  ///   - addresses: as they were given; none: the inventory has them.
  /// - Throws: ``ImportFaults``, ``RulesetFileError``, or ``Refusal``.
  init(
    rulesetOf name: String, at addresses: [String], in source: ImportSource, beside loaded: LoadedPolicy?
  ) throws {
    let known = loaded?.policy.hosts.first { $0.name == name }
    let own = try addresses.map { text in
      guard let address = try? Address(parsing: text) else { throw Misuse("`\(text)` is no address") }
      return address
    }
    if own.isEmpty, known == nil {
      throw Misuse(
        "`\(name)` has no address: give them with --address, or the inventory that has it with --into")
    }
    let of = try ImportedHosts(
      only: name, own.isEmpty ? known?.addresses ?? [] : own, of: ImportPlace("--host", item: name))
    var checked = of
    if let loaded { checked = try of.news(beside: loaded.policy, shown: loaded.shown).hosts }
    let listing = try RulesetFile.listing(source.bytes, of: source.name)
    let found: RulesetImport
    do throws(NotProven) {
      found = try RulesetImport(
        listing.tables, of: of.hosts[0].name, own: of.hosts[0].addresses, beside: loaded?.policy)
    } catch {
      throw Refusal(
        .failed, "\(source.name): the ruleset is too intricate to be read by its meaning: \(error)")
    }
    var written = found.part
    written.header = [
      "Imported from \(SafeText.escaped(source.name)), by what it means. Each flow awaits its `why`."
    ]
    part = written.hosts.isEmpty && written.flows.isEmpty ? nil : written
    hosts = checked.hosts
    flows = written.flows
    present = checked.hosts.isEmpty ? [of.hosts[0].name] : []
    let texts = RuleTexts(listing.tables)
    remarks =
      checked.remarks + listing.remarks.map { ImportRemark(ImportPlace(source.name), $0) }
      + found.left.flatMap { left in
        let rules = left.rules.map { "\($0.table) \($0.chain.text) rule \($0.index + 1): \(texts.text($0))" }
        // Each rule by itself; why, once.
        return (rules.isEmpty ? [String?.none] : rules.map { $0 }).enumerated().map { number, rule in
          ImportRemark(
            ImportPlace(source.name, item: rule), number == 0 ? left.words : left.again)
        }
      }
  }

  /// - Parameters:
  ///   - made: the file; `nil`: there is none.
  ///   - shows: whether nobody has seen it yet.
  func answer(_ made: ImportedFile?, isWritten: Bool, shows: Bool) -> Answer {
    var answer = Answer()
    if let made, shows {
      answer.parts.append(.verbatim(Array((made.path == nil ? made.text : made.patch).utf8)))
    }
    answer.parts += remarks.prefix(Self.mostRemarks).map { .remark("\($0)") }
    if remarks.count > Self.mostRemarks {
      answer.parts.append(
        .remark("\(remarks.count - Self.mostRemarks) more were left out or renamed; --json has all of them"))
    }
    var words = [counted(hosts.count, "new host")]
    if !flows.isEmpty { words.append(counted(flows.count, "flow")) }
    if !present.isEmpty {
      words.append("\(present.count) there already with the same addresses, and left as they are")
    }
    if let path = made?.path {
      words.append(isWritten ? "written to \(path)" : "nothing is written; --write writes \(path)")
    }
    answer.parts.append(.summary(words.joined(separator: "; ")))
    if !flows.isEmpty {
      answer.parts.append(
        .remark("write the `why` of each flow; until then `sekisho check` refuses the file"))
    }
    answer.data = .document(
      File(
        hosts: hosts.map {
          File.Host(
            name: $0.name, addresses: $0.addresses.map { "\($0)" }, zone: $0.zone, groups: $0.groups,
            ssh: $0.ssh,
            description: $0.description, place: "\($0.place)")
        }, flows: flows.map { File.Flow(name: $0.name, from: $0.from, to: $0.to, services: $0.services) },
        present: present, remarks: remarks.map { File.Remark(place: "\($0.place)", words: $0.words) },
        inventory: made?.text, file: made?.path, isWritten: isWritten))
    return answer
  }

  private struct File: Encodable {
    struct Host: Encodable {
      let name: String
      let addresses: [String]
      let zone: String?
      let groups: [String]
      let ssh: String?
      let description: String?
      let place: String
    }

    struct Flow: Encodable {
      let name: String
      let from: [String]
      let to: [String]
      let services: [String]
    }

    /// What was left out or renamed.
    struct Remark: Encodable {
      let place: String
      let words: String
    }

    let hosts: [Host]
    let flows: [Flow]
    let present: [String]
    let remarks: [Remark]
    let inventory: String?
    let file: String?
    let isWritten: Bool
  }
}

extension LoadedPolicy {
  /// A place of the inventory, as a user would open it.
  fileprivate func shown(_ place: SourceLocation) -> String {
    "\(sources.shownPath(place.file)):\(place.line):\(place.column)"
  }
}
