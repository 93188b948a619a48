// Holds an accepted head against a second, naive reading of its bytes: split at line ends, compare
// names, and nothing of the parser's own code.

func judge(_ head: RequestHead, _ limits: Limits) {
    judgeOffsets(head, limits)
    let lines = linesOf(head.bytes)
    precondition(lines.count == head.fields.count + 1, "a line that is no field")
    let fields = lines.dropFirst().map(split)
    judgeFraming(head, fields, limits)
    judgeHost(head, fields)
    judgeTarget(head, lines[0])
    for (index, field) in fields.enumerated() {
        precondition(Array(head.fieldName(index).utf8) == field.name, "another name")
        let value = head.fields[index]
        precondition(
            head.bytes[Int(value.valueStart)..<Int(value.valueEnd)] == field.value[...], "another value")
    }
}

private func judgeOffsets(_ head: RequestHead, _ limits: Limits) {
    precondition(head.bytes.count <= limits.headBytes, "a head above the limit")
    precondition(head.fields.count <= limits.headerCount, "more fields than the limit")
    precondition(head.methodEnd > 0 && head.methodEnd < head.pathStart, "no method")
    precondition(head.pathStart <= head.pathEnd && head.pathEnd <= head.queryStart, "path and query")
    precondition(head.queryStart <= head.queryEnd, "the query ends before its start")
    var last = head.queryEnd
    for field in head.fields {
        precondition(last < field.nameStart && field.nameStart < field.nameEnd, "a name's place")
        precondition(
            field.nameEnd < field.valueStart && field.valueStart <= field.valueEnd, "a value's place")
        last = field.valueEnd
    }
    precondition(Int(last) + 4 <= head.bytes.count, "a field beyond the head")
}

/// The lines without the empty one. CR and LF come together, and NUL not at all.
private func linesOf(_ bytes: [UInt8]) -> [[UInt8]] {
    var lines: [[UInt8]] = []
    var line: [UInt8] = []
    var at = 0
    while at < bytes.count {
        if bytes[at] == 13 {
            precondition(at + 1 < bytes.count && bytes[at + 1] == 10, "a bare CR")
            lines.append(line)
            line = []
            at += 2
            continue
        }
        precondition(bytes[at] == 9 || bytes[at] >= 32 && bytes[at] != 127, "a control byte")
        line.append(bytes[at])
        at += 1
    }
    precondition(line.isEmpty && lines.last == [], "a head that doesn't end in an empty line")
    lines.removeLast()
    precondition(!lines.contains([]), "an empty line within a head")
    return lines
}

private typealias Line = (name: [UInt8], value: [UInt8])

private func split(_ line: [UInt8]) -> Line {
    guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > 0 else { fatalError("no colon") }
    precondition(line[..<colon].allSatisfy { $0 > 32 && $0 < 127 }, "space or worse in a name")
    var value = line[(colon + 1)...]
    while value.first == 32 || value.first == 9 { value.removeFirst() }
    while value.last == 32 || value.last == 9 { value.removeLast() }
    return (Array(line[..<colon]), Array(value))
}

private func folded(_ bytes: [UInt8]) -> [UInt8] { bytes.map { 65...90 ~= $0 ? $0 + 32 : $0 } }

private func values(_ name: String, _ fields: [Line]) -> [[UInt8]] {
    let name = Array(name.utf8)
    return fields.filter { folded($0.name) == name }.map(\.value)
}

private func judgeFraming(_ head: RequestHead, _ fields: [Line], _ limits: Limits) {
    let lengths = values("content-length", fields)
    let codings = values("transfer-encoding", fields)
    precondition(lengths.count + codings.count <= 1, "two framings in one head")
    if let coding = codings.first {
        precondition(folded(coding) == Array("chunked".utf8) && head.framing == .chunked, "a coding")
        precondition(!head.isHTTP10, "chunks in HTTP/1.0")
    } else if let length = lengths.first {
        precondition(!length.isEmpty && length.allSatisfy { 48...57 ~= $0 }, "a length that is no number")
        var value = 0
        for digit in length { value = value * 10 + Int(digit) - 48 }
        precondition(value <= limits.bodyBytes, "a body above the limit")
        precondition(head.framing == (value == 0 ? .none : .length(value)), "another length")
    } else {
        precondition(head.framing == .none, "a body that nothing tells")
        precondition(![.post, .put, .patch].contains(head.method), "no length where one is due")
    }
}

private func judgeHost(_ head: RequestHead, _ fields: [Line]) {
    let hosts = values("host", fields)
    precondition(hosts.count == 1 || hosts.isEmpty && head.isHTTP10, "not one Host")
    for host in hosts {
        precondition(!host.isEmpty, "an empty Host")
        precondition(!host.contains { [9, 32, 35, 44, 47, 63, 64, 92].contains($0) || $0 > 126 }, "a Host")
    }
}

private func judgeTarget(_ head: RequestHead, _ line: [UInt8]) {
    let parts = line.split(separator: 32, omittingEmptySubsequences: false)
    precondition(parts.count == 3, "a request line of not three parts")
    precondition(parts[0] == Array(head.methodName.utf8)[...], "another method")
    let version = head.isHTTP10 ? "HTTP/1.0" : "HTTP/1.1"
    precondition(parts[2] == Array(version.utf8)[...], "another version")
    let target = parts[1]
    precondition(target.allSatisfy { $0 > 32 && $0 < 127 }, "a target that isn't printable")
    precondition(target.last == head.bytes[Int(head.queryEnd) - 1], "a target that ends elsewhere")
    for segment in head.pathSegments {
        precondition(segment != "." && segment != "..", "a dot segment")
        precondition(!segment.utf8.contains { $0 < 32 || $0 == 127 }, "a control byte in a segment")
        precondition(!segment.contains("\u{FFFD}") || target.contains(37), "a segment that isn't UTF-8")
    }
    for item in head.queryItems {
        precondition(!item.name.utf8.contains(0) && !item.value.utf8.contains(0), "a NUL in the query")
        _ = head.query(item.name)
    }
    precondition(head.path.hasPrefix("/") || head.path == "*", "a path that is none")
}
