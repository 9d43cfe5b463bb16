/// Records of comma-separated values, with the line that each begins in (RFC 4180). Spreadsheets of countries that write `1,5` have
/// a semicolon between two values, others a tab: what is most often in the first line.
struct CSVRecords {
  struct Record: Equatable {
    let line: Int
    let fields: [String]
  }

  /// - Throws: ``ImportFaults`` where a quote does not end, or something stands behind its end, or it is no UTF-8.
  static func records(_ bytes: [UInt8], of file: String) throws(ImportFaults) -> [Record] {
    var bytes = try ImportedText.bytes(bytes, of: file)[...]
    let (separator, leading) = layout(bytes)
    bytes = bytes.dropFirst(leading)
    var records: [Record] = []
    var fields: [String] = []
    var field: [UInt8] = []
    var line = leading == 0 ? 1 : 2
    var start = line
    var index = bytes.startIndex

    func end() throws(ImportFaults) {
      guard let text = String(validating: field, as: UTF8.self) else {
        throw ImportFaults(ImportPlace(file, line: line), ImportedText.notUTF8)
      }
      fields.append(text)
      field = []
    }
    while index < bytes.endIndex {
      let byte = bytes[index]
      index += 1
      switch byte {
      case separator: try end()
      case 0x0d where index < bytes.endIndex && bytes[index] == 0x0a: break
      case 0x0a, 0x0d:
        try end()
        // An empty line is no record.
        if fields != [""] { records.append(Record(line: start, fields: fields)) }
        fields = []
        line += 1
        start = line
      case UInt8(ascii: "\"") where field.isEmpty:
        let first = line
        while true {
          guard index < bytes.endIndex else {
            throw ImportFaults(ImportPlace(file, line: first), "a quote that begins here has no end")
          }
          let inside = bytes[index]
          index += 1
          if inside == UInt8(ascii: "\"") {
            guard index < bytes.endIndex, bytes[index] == UInt8(ascii: "\"") else { break }
            index += 1
          }
          if inside == 0x0a { line += 1 }
          field.append(inside)
        }
        if index < bytes.endIndex, ![separator, 0x0d, 0x0a].contains(bytes[index]) {
          throw ImportFaults(
            ImportPlace(file, line: line),
            "something stands behind the end of a quote; write \"\" for a quote in a text")
        }
      default: field.append(byte)
      }
    }
    if !field.isEmpty || !fields.isEmpty {
      try end()
      records.append(Record(line: start, fields: fields))
    }
    return records
  }

  /// What stands between two values, and how many bytes ahead of the header say it: a line `sep=;` of Excel.
  private static func layout(_ bytes: ArraySlice<UInt8>) -> (separator: UInt8, leading: Int) {
    let lead = Array("sep=".utf8)
    let first = bytes.prefix { $0 != 0x0a && $0 != 0x0d }
    if first.count == lead.count + 1, first.starts(with: lead), let said = first.last {
      let end = bytes.dropFirst(first.count).prefix { $0 == 0x0a || $0 == 0x0d }
      return (said, first.count + end.count)
    }
    var (isQuoted, counts) = (false, [UInt8: Int]())
    for byte in first {
      if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
      if !isQuoted { counts[byte, default: 0] += 1 }
    }
    var separator = UInt8(ascii: ",")
    for other in [UInt8(ascii: ";"), 0x09] where counts[other, default: 0] > counts[separator, default: 0] {
      separator = other
    }
    return (separator, 0)
  }
}
