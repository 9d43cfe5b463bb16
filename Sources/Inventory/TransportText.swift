/// A command prefix that leads to a host, as it is written: words, and in one of them at least the host's name.
///
/// No shell reads it, so that whatever a shell would do more with than to split words is refused: who writes `$HOME` or a pipe
/// means something that would not happen.
struct TransportText: Equatable {
  /// Program and arguments, with `{host}` where the host's name goes.
  let words: [String]

  /// What is wrong with a text, and where in it.
  struct Fault: Error {
    let message: String
    let help: String
    /// In bytes.
    let offset: Int
    let length: Int
  }

  static let placeholder = "{host}"

  /// - Parameter text: not empty.
  init(_ text: String) throws(Fault) {
    var splitter = Splitter(Array(text.utf8))
    let words = try splitter.words()
    try Self.check(words)
    self.words = words.map(\.text)
  }

  /// The words for one host.
  ///
  /// - Parameter host: what ssh is told to connect to, or the host's name.
  func words(for host: String) -> [String] {
    words.map { word in
      var out: [UInt8] = []
      var rest = Array(word.utf8)[...]
      let placeholder = Array(Self.placeholder.utf8)
      while let first = rest.first {
        if rest.starts(with: placeholder) {
          out += host.utf8
          rest = rest.dropFirst(placeholder.count)
        } else {
          out.append(first)
          rest = rest.dropFirst()
        }
      }
      return String(decoding: out, as: UTF8.self)
    }
  }

  struct Word {
    let text: String
    let start: Int
    let end: Int

    fileprivate func fault(_ message: String, _ help: String) -> Fault {
      Fault(message: message, help: help, offset: start, length: end - start)
    }
  }

  // MARK: - What words may be

  private static func check(_ words: [Word]) throws(Fault) {
    guard let program = words.first else {
      throw Fault(message: "`transport` is empty", help: example, offset: 0, length: 1)
    }
    if program.text.isEmpty || program.text.hasPrefix("-") || program.text.contains("{") {
      throw program.fault("`transport` begins with the program that is started here", example)
    }
    if program.text.contains("=") {
      throw program.fault(
        "a shell would set a variable here, and none reads this", "write `env` in front of it")
    }
    if program.text.contains("/"), !program.text.hasPrefix("/") {
      throw program.fault(
        "which program this is would depend on where somebody stands", "write its name, or its whole path")
    }
    if let last = words.last, words.dropLast().last?.isCalled("sekisho") ?? false, last.text == "agent" {
      throw last.fault("`sekisho agent` is put behind the words of a transport", "leave it out")
    }
    for (index, word) in words.enumerated() where word.isCalled("ssh") {
      try checkOptions(words[(index + 1)...])
    }
    if !words.contains(where: { $0.text.contains(placeholder) }) {
      throw Fault(
        message: "without `{host}` every host with this transport would be the same machine",
        help: "write `{host}` where the name goes, as in `\(exampleText)`", offset: 0,
        length: words[words.count - 1].end)
    }
  }

  /// A path that is given by `-S` goes ahead of every `-o ControlPath`, so that the connection which confirms a change could not
  /// be made a new one (ssh(1)).
  private static func checkOptions(_ words: ArraySlice<Word>) throws(Fault) {
    var hasDestination = false
    var skips = false
    for word in words {
      if skips {
        skips = false
        continue
      }
      if word.text == "--" { return }
      guard word.text.hasPrefix("-") else {
        if hasDestination { return }
        hasDestination = true
        continue
      }
      for (place, letter) in word.text.enumerated().dropFirst() {
        if letter == "S" {
          throw word.fault(
            "with `-S` the connection that confirms a change could not be made a new one",
            "write `-o ControlPath=…`, or put it into your configuration of ssh")
        }
        if withArgument.contains(letter) {
          skips = place == word.text.count - 1
          break
        }
      }
    }
  }

  /// Options of ssh that have an argument, in the same word or the next.
  private static let withArgument = Set("BbcDEeFIiJLlmOoPpQRWw")
  private static let exampleText = "ssh -J bastion {host} sudo -n"
  private static let example = "write one such as `\(exampleText)`"
}

extension TransportText.Word {
  /// Whether it names a program, by its path or not.
  fileprivate func isCalled(_ name: String) -> Bool { text == name || text.hasSuffix("/\(name)") }
}

extension TransportText {
  /// Splits at spaces; quotes hold spaces together.
  private struct Splitter {
    private let bytes: [UInt8]
    private var place = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func words() throws(Fault) -> [Word] {
      var words: [Word] = []
      while place < bytes.count {
        if bytes[place] == UInt8(ascii: " ") {
          place += 1
        } else {
          words.append(try word())
        }
      }
      return words
    }

    private mutating func word() throws(Fault) -> Word {
      let start = place
      var out: [UInt8] = []
      while place < bytes.count, bytes[place] != UInt8(ascii: " ") {
        let byte = bytes[place]
        switch byte {
        case UInt8(ascii: "'"), UInt8(ascii: "\""): try quoted(byte, into: &out)
        case UInt8(ascii: "~"), UInt8(ascii: "#"), UInt8(ascii: "!"):
          if place == start { throw shellWord(byte) }
          fallthrough
        default: try plain(refusing: "$`\\;|&<>()*?[]", into: &out)
        }
      }
      return Word(text: String(decoding: out, as: UTF8.self), start: start, end: place)
    }

    private mutating func quoted(_ quote: UInt8, into out: inout [UInt8]) throws(Fault) {
      let start = place
      place += 1
      while place < bytes.count, bytes[place] != quote {
        try plain(refusing: quote == UInt8(ascii: "'") ? "" : "$`\\", into: &out)
      }
      guard place < bytes.count else {
        throw Fault(
          message: "the quote is not closed", help: "write a second one", offset: start,
          length: bytes.count - start)
      }
      place += 1
    }

    /// One character, or the placeholder.
    private mutating func plain(refusing others: StaticString, into out: inout [UInt8]) throws(Fault) {
      let byte = bytes[place]
      guard (0x20...0x7e).contains(byte) else {
        throw fault("a transport is of printable ASCII characters", "write it without this one")
      }
      if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "}") {
        let placeholder = Array(TransportText.placeholder.utf8)
        guard bytes[place...].starts(with: placeholder) else {
          throw fault("only `{host}` is filled in", "write `{host}`, the host's `ssh` or else its name")
        }
        out += placeholder
        place += placeholder.count
        return
      }
      if "\(others)".utf8.contains(byte) { throw shellWord(byte) }
      out.append(byte)
      place += 1
    }

    private func shellWord(_ byte: UInt8) -> Fault {
      let shown = byte == UInt8(ascii: "`") ? "a backquote" : "`\(Character(UnicodeScalar(byte)))`"
      return fault(
        "a shell would do more with \(shown) than pass it on, and none reads a transport",
        byte == UInt8(ascii: "$") || byte == UInt8(ascii: "`") || byte == UInt8(ascii: "\\")
          ? "write out what is meant, or name a script of your own: `/usr/local/bin/reach {host}`"
          : "put the word in quotes where it is meant as it is, or name a script of your own: `/usr/local/bin/reach {host}`"
      )
    }

    private func fault(_ message: String, _ help: String) -> Fault {
      Fault(message: message, help: help, offset: place, length: 1)
    }
  }
}
