internal import Diagnostics
internal import InventoryText

/// Gives the names of other tools to an inventory: what changes is said, and no two become one.
///
/// Hosts, groups and zones share one namespace: hosts are named first, and a group or a zone with the name of a host, or a
/// reserved one, gets its kind behind it.
struct ImportNaming {
  /// More than anybody reads.
  static let mostFaults = 1000

  private(set) var remarks: [ImportRemark] = []
  var faults: [ImportRemark] = []

  private var hosts: [String: (text: String, place: ImportPlace)] = [:]
  /// What texts of a kind have become; `nil` inside: nothing that can be a name.
  private var areas: [String: String?] = [:]
  private var origins: [String: (kind: String, text: String)] = [:]

  private static let reserved: Set<String> = ["all", "managed", "private"]

  var refusal: ImportFaults { ImportFaults(faults) }

  /// - Returns: `nil` where there is a fault now.
  mutating func host(_ text: String, _ place: ImportPlace) -> String? {
    guard let name = made("host", text, place) else { return nil }
    if Self.reserved.contains(name) {
      faults.append(ImportRemark(place, "`\(name)` is a word of the inventory: give the host another name"))
      return nil
    }
    if let other = hosts[name] {
      let same = other.text == text ? "stands twice" : "would be named `\(name)`"
      faults.append(
        ImportRemark(
          place, "\(SafeText.quoted(text)) \(same), as \(SafeText.quoted(other.text)) at \(other.place)"))
      return nil
    }
    hosts[name] = (text, place)
    if name != text { remarks.append(ImportRemark(place, "\(SafeText.quoted(text)) is named `\(name)`")) }
    return name
  }

  /// - Parameter kind: `group` or `zone`.
  mutating func area(_ kind: String, _ text: String, _ place: ImportPlace) -> String? {
    if let known = areas["\(kind) \(text)"] { return known }
    var name = made(kind, text, place)
    if let plain = name, hosts[plain] != nil || Self.reserved.contains(plain) { name = "\(plain)-\(kind)" }
    if let made = name {
      let origin =
        origins[made].map { "the \($0.kind) \(SafeText.quoted($0.text))" }
        ?? hosts[made].map { "the host \(SafeText.quoted($0.text))" }
      if let origin {
        faults.append(
          ImportRemark(
            place, "the \(kind) \(SafeText.quoted(text)) would be named `\(made)`, as \(origin) is"))
        name = nil
      } else {
        origins[made] = (kind, text)
        if made != text {
          remarks.append(ImportRemark(place, "the \(kind) \(SafeText.quoted(text)) is named `\(made)`"))
        }
      }
    }
    areas["\(kind) \(text)"] = .some(name)
    return name
  }

  private mutating func made(_ kind: String, _ text: String, _ place: ImportPlace) -> String? {
    if let name = InventoryName.made(of: text, lead: kind) { return name }
    let what =
      text.isEmpty ? "a \(kind) without a name" : "\(SafeText.quoted(text)) can be no \(kind)'s name"
    faults.append(ImportRemark(place, "\(what): names have 1 to 63 characters of [a-z0-9._-]"))
    return nil
  }
}
