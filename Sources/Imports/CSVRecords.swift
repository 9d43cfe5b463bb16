/// Records of comma-separated values, with the line that each begins in (RFC 4180).
struct CSVRecords {
  struct Record: Equatable {
    let line: Int
    let fields: [String]
  }

  /// - Throws: ``ImportFaults`` where a quote does not end, or something stands behind its end, or it is no UTF-8.
  static func records(_ bytes: [UInt8], of file: String) throws(ImportFaults) -> [Record] {
    // Excel writes a byte order mark.
    let bytes = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? bytes[3...] : bytes[...]
    var records: [Record] = []
    var fields: [String] = []
    var field: [UInt8] = []
    var (line, start) = (1, 1)
    var index = bytes.startIndex

    func end() throws(ImportFaults) {
      guard let text = String(validating: field, as: UTF8.self) else {
        throw ImportFaults(ImportPlace(file, line: line), "a text is not UTF-8")
      }
      fields.append(text)
      field = []
    }
    while index < bytes.endIndex {
      let byte = bytes[index]
      index += 1
      switch byte {
      case UInt8(ascii: ","): try end()
      case 0x0d where index < bytes.endIndex && bytes[index] == 0x0a: break
      case 0x0a:
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
        if index < bytes.endIndex, ![UInt8(ascii: ","), 0x0d, 0x0a].contains(bytes[index]) {
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
}
