#include "ecg/dcm_item.h"

#include <cmath>

extern "C" {
#include "core/text.h"
}

namespace gm_dcm
{

OFString bare_text(DcmItem *item, const DcmTagKey &key)
{
    OFString text;
    item->findAndGetOFString(key, text);
    return text;
}

OFString text_of(file &f, DcmItem *item, const DcmTagKey &key)
{
    OFString text, converted;
    DcmElement *element = nullptr;
    if (item->findAndGetElement(key, element).bad() || !element) return text;
    if (element->getOFStringArray(text).bad()) return "";
    bool is_person = element->ident() == EVR_PN;
    if (!f.converts ||
        f.characters.convertString(text, converted, is_person ? "\\^=" : "\\\r\n\t\f").good())
        return f.converts ? converted : text;
    f.has_misfit = true;
    return text;
}

std::vector<std::string> split(const std::string &text, char mark)
{
    std::vector<std::string> parts;
    for (size_t from = 0, to; from <= text.size() && parts.size() < 1000001; from = to + 1) {
        to = text.find(mark, from);
        if (to == std::string::npos) to = text.size();
        parts.push_back(text.substr(from, to - from));
    }
    return parts;
}

gm_status real_of(DcmItem *item, const DcmTagKey &key, const char *place, const char *what,
                  double *out)
{
    OFString text = bare_text(item, key);
    *out = NAN;
    if (text.empty()) return GM_OK;
    if (!gm_parse_real(text.c_str(), out))
        return gm_fail(GM_EFORMAT, "%s: %s is \"%.40s\", expected a number", place, what,
                       text.c_str());
    return GM_OK;
}

code code_of_item(file &f, DcmItem *item)
{
    code c;
    c.value = text_of(f, item, DCM_CodeValue);
    if (c.value.empty()) c.value = text_of(f, item, DCM_LongCodeValue);
    if (c.value.empty()) c.value = bare_text(item, DCM_URNCodeValue);
    c.scheme = text_of(f, item, DCM_CodingSchemeDesignator);
    c.meaning = text_of(f, item, DCM_CodeMeaning);
    return c;
}

code code_of(file &f, DcmItem *item, const DcmTagKey &sequence)
{
    DcmItem *first = nullptr;
    if (item->findAndGetSequenceItem(sequence, first, 0).good() && first)
        return code_of_item(f, first);
    return code();
}

} // namespace gm_dcm
