"""The logo: two wheels, one for each framework, that turn together. Readable on light and dark."""

from pages.parts import palette

_WHEELS = (
    f'<circle cx="12" cy="13.5" r="9.5" fill="none" stroke="{palette.ENGINES["llamaindex"].color}" '
    'stroke-width="4.5"/>'
    f'<circle cx="27" cy="13.5" r="9.5" fill="none" stroke="{palette.ENGINES["langchain"].color}" '
    'stroke-width="4.5"/>'
)

WHEELS = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 27">{_WHEELS}</svg>'

WORDMARK = (
    f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 150 27">{_WHEELS}'
    f'<text x="47" y="22" font-family="sans-serif" font-size="22" font-weight="700" fill="{palette.NEUTRAL}">'
    "Tandem</text></svg>"
)
