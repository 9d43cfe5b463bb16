internal import Addressing
internal import Diagnostics

/// The hosts of /etc/hosts: an address and its names in a line (hosts(5)).
package enum HostsFile {
  /// The first name of an address is the host's, the others describe it; lines with one first name are one host.
  ///
  /// - Throws: ``ImportFaults``.
  package static func hosts(_ bytes: [UInt8], of file: String) throws(ImportFaults) -> ImportedHosts {
    var (faults, remarks): ([ImportRemark], [ImportRemark]) = ([], [])
    var found: [FoundHost] = []
    var numbers: [String: Int] = [:]
    let bytes = try ImportedText.bytes(bytes, of: file)
    for (number, line) in bytes.split(separator: 0x0a, omittingEmptySubsequences: false).enumerated() {
      let place = ImportPlace(file, line: number + 1)
      // Comments may be in any encoding: nobody reads them.
      guard let said = String(validating: line.prefix { $0 != UInt8(ascii: "#") }, as: UTF8.self) else {
        faults.append(ImportRemark(place, ImportedText.notUTF8))
        if faults.count > ImportNaming.mostFaults { break }
        continue
      }
      let words = said.split { [" ", "\t", "\r"].contains($0) }.map(String.init)
      guard let first = words.first else { continue }
      guard let address = try? Address(parsing: first.prefix { $0 != "%" }) else {
        faults.append(ImportRemark(place, "\(SafeText.quoted(first)) is no address"))
        if faults.count > ImportNaming.mostFaults { break }
        continue
      }
      guard words.count > 1 else {
        remarks.append(ImportRemark(place, "left out: \(address) has no name"))
        continue
      }
      let at = numbers[words[1]] ?? found.count
      if at == found.count {
        numbers[words[1]] = at
        found.append(FoundHost(name: words[1], place: place))
      }
      found[at].addresses.append(address)
      found[at].places[address] = place
      let others = words.dropFirst(2).filter { $0 != words[1] }
      if found[at].description == nil, !others.isEmpty {
        found[at].description = "also \(others.joined(separator: " "))"
      }
    }
    if !faults.isEmpty { throw ImportFaults(faults) }
    return try ImportedHosts(found, of: file, remarks)
  }
}
