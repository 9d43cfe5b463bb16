internal import Diagnostics
internal import Imports
internal import InventoryText
internal import Operations
internal import Policy

/// What was imported, as an answer.
struct ImportReport {
  /// What is new; `nil`: nothing is.
  let part: InventoryPart?
  private let hosts: [ImportedHosts.Host]
  private let present: [String]
  private let remarks: [ImportRemark]

  /// - Parameter loaded: the inventory that it is for; `nil`: none.
  /// - Throws: ``ImportFaults`` where both contradict each other.
  init(
    _ found: ImportedHosts, of source: ImportSource, beside loaded: LoadedPolicy?
  ) throws(ImportFaults) {
    var hosts = found
    var present: [String] = []
    if let loaded {
      let news = try found.news(beside: loaded.policy) { place in
        "\(loaded.sources.shownPath(place.file)):\(place.line):\(place.column)"
      }
      (hosts, present) = (news.hosts, news.present)
    }
    self.present = present
    self.hosts = hosts.hosts
    remarks = hosts.remarks
    let zones = Set((loaded?.policy.zones ?? []).map(\.name))
    part =
      hosts.hosts.isEmpty
      ? nil : hosts.part(header: ["Imported from \(SafeText.escaped(source.name))."], apartFrom: zones)
  }

  /// - Parameters:
  ///   - made: the file; `nil`: there is none.
  ///   - shows: whether nobody has seen it yet.
  func answer(_ made: ImportedFile?, isWritten: Bool, shows: Bool) -> Answer {
    var answer = Answer()
    if let made, shows {
      answer.parts.append(.verbatim(Array((made.path == nil ? made.text : made.patch).utf8)))
    }
    answer.parts += remarks.map { .remark("\($0)") }
    var words = [counted(hosts.count, "new host")]
    if !present.isEmpty {
      words.append("\(present.count) there already with the same addresses, and left as they are")
    }
    if let path = made?.path {
      words.append(isWritten ? "written to \(path)" : "nothing is written; --write writes \(path)")
    }
    answer.parts.append(.summary(words.joined(separator: "; ")))
    answer.data = .document(
      File(
        hosts: hosts.map {
          File.Host(
            name: $0.name, addresses: $0.addresses.map { "\($0)" }, zone: $0.zone, groups: $0.groups,
            ssh: $0.ssh,
            description: $0.description, place: "\($0.place)")
        }, present: present, remarks: remarks.map { File.Remark(place: "\($0.place)", words: $0.words) },
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

    /// What was left out or renamed.
    struct Remark: Encodable {
      let place: String
      let words: String
    }

    let hosts: [Host]
    let present: [String]
    let remarks: [Remark]
    let inventory: String?
    let file: String?
    let isWritten: Bool
  }
}
