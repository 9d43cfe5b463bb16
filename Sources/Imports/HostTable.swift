internal import Addressing
internal import Diagnostics

/// Hosts of a table with a header (CSV), as spreadsheets and address management write it.
package enum HostTable {
  private enum Column: CaseIterable {
    case name, addresses, zone, groups, description

    /// As headers call it, in small letters.
    var words: [String] {
      switch self {
      case .name: ["name", "host", "hostname"]
      case .addresses: ["addresses", "address", "ip", "ips"]
      case .zone: ["zone"]
      case .groups: ["groups", "group"]
      case .description: ["description"]
      }
    }
  }

  /// - Throws: ``ImportFaults``.
  package static func hosts(_ bytes: [UInt8], of file: String) throws(ImportFaults) -> ImportedHosts {
    let records = try CSVRecords.records(bytes, of: file)
    guard let header = records.first else { throw ImportFaults(ImportPlace(file), "it is empty: \(help)") }
    var remarks: [ImportRemark] = []
    let places = try columns(header, file, &remarks)
    var faults: [ImportRemark] = []
    var found: [FoundHost] = []
    for record in records.dropFirst() {
      let place = ImportPlace(file, line: record.line)
      guard record.fields.count == header.fields.count else {
        faults.append(
          ImportRemark(
            place,
            "\(record.fields.count) fields under a header of \(header.fields.count); a text with what stands between two of them is in quotes"
          ))
        if faults.count > ImportNaming.mostFaults { break }
        continue
      }
      func text(_ column: Column) -> String {
        places[column].map { trimmed(record.fields[$0]) } ?? ""
      }
      func words(_ column: Column) -> [String] {
        text(column).split { [";", ",", " ", "\t", "\n", "\r\n"].contains($0) }.map(String.init)
      }
      var host = FoundHost(name: text(.name), groups: Set(words(.groups)), place: place)
      for word in words(.addresses) {
        if let address = try? Address(parsing: word) {
          host.addresses.append(address)
        } else {
          faults.append(
            ImportRemark(
              place, "\(SafeText.quoted(word)) is no address; several stand with a space or `;` between"))
        }
      }
      if !text(.zone).isEmpty { host.zone = text(.zone) }
      if !text(.description).isEmpty { host.description = text(.description) }
      found.append(host)
    }
    if !faults.isEmpty { throw ImportFaults(faults) }
    return try ImportedHosts(found, of: file, remarks)
  }

  private static let help =
    "the first line names the columns, among them `name` and `addresses`; others that are read are zone, groups, description"

  private static func columns(
    _ header: CSVRecords.Record, _ file: String, _ remarks: inout [ImportRemark]
  ) throws(ImportFaults) -> [Column: Int] {
    let place = ImportPlace(file, line: header.line)
    var places: [Column: Int] = [:]
    for (index, field) in header.fields.enumerated() {
      let word = trimmed(field).lowercased()
      guard let column = Column.allCases.first(where: { $0.words.contains(word) }) else {
        remarks.append(ImportRemark(place, "left out: the column \(SafeText.quoted(field))"))
        continue
      }
      if places.updateValue(index, forKey: column) != nil {
        throw ImportFaults(place, "two columns are `\(column.words[0])`")
      }
    }
    for column in [Column.name, .addresses] where places[column] == nil {
      throw ImportFaults(place, "no column is called `\(column.words[0])`: \(help)")
    }
    return places
  }

  private static func trimmed(_ text: String) -> String {
    let isSpace = { (character: Character) in character == " " || character == "\t" }
    let rest = text.drop(while: isSpace)
    return String(rest.prefix(rest.count - rest.reversed().prefix(while: isSpace).count))
  }
}
